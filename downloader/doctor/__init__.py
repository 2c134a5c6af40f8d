"""Whether this machine is fit for a job: each check is one function here, and one line in ``CHECKS``."""

from collections.abc import Iterator

from downloader.doctor import disk, machine, network, parts
from downloader.doctor.finding import Check, Finding, Question

__all__ = ["CHECKS", "Check", "Finding", "Question", "examine", "exit_status"]

CHECKS = (
    Check("python", 2, machine.python),
    Check("cores", 2, machine.cores),
    Check("memory", 2, machine.memory),
    Check("descriptors", 6, machine.descriptors),
    Check("disk", 6, disk.space),
    Check("folder", 6, disk.folder),
    Check("names", 5, network.names),
    Check("proxies", 2, network.proxies),
    Check("authorities", 2, network.authorities),
    Check("clock", 5, network.clock),
    Check("engines", 2, parts.engines),
    Check("extras", 2, parts.extras),
    Check("libraries", 2, parts.libraries),
)
"""Every check, with the exit status that a job would end with where the check finds something bad."""


def examine(question: Question) -> Iterator[tuple[Check, Finding]]:
    """Make every check in turn, and give what each found."""
    for check in CHECKS:
        for finding in check.look(question):
            yield check, finding


def exit_status(found: Iterator[tuple[Check, Finding]] | list[tuple[Check, Finding]]) -> int:
    """Give the status of the first bad finding, which is the one to mend first; 0 without any."""
    return next((check.status for check, finding in found if finding.level == "bad"), 0)
