"""Running a job for a person: signals, progress, results, summary and exit status."""

import logging
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from downloader.cli.manners import Manners
from downloader.cli.progress import progress
from downloader.cli.results import JsonLines
from downloader.cli.summary import print_summary
from downloader.job import Job, run_job
from downloader.ports import Control, Observer
from downloader.settings import Ending

MOST_DESCRIPTORS = 65536


def run(job: Job, manners: Manners, observers: tuple[Observer, ...] = ()) -> int:
    """Run a job and give the exit status of the program."""
    start_logging(manners.verbose)
    _lift_descriptor_limit()
    control = Control()
    ending = job.settings.ending
    results = JsonLines(sys.stdout) if manners.json else None
    with ExitStack() as stack:
        stack.enter_context(stoppable(control, ending))
        shown = stack.enter_context(progress(manners.progress, control))
        report = run_job(job, control, [*observers, *([results] if results else []), shown])
    status = report.exit_status(ending.tolerate)
    if results:
        results.summary(report, status)
    if not manners.quiet:
        print_summary(report, status)
    return status


def _lift_descriptor_limit() -> None:
    """Take as many descriptors as the system lets a person have; the usual first limit, 1,024, is for select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def stoppable(control: Control, ending: Ending) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM stop the job through its control."""

    def interrupt(_: int, __: FrameType | None) -> None:
        if control.stopping or ending.on_interrupt == "abandon":
            control.abandon("interrupt")
        else:
            control.drain("interrupt", ending.drain_timeout)

    def terminate(_: int, __: FrameType | None) -> None:
        control.drain("terminate", ending.drain_timeout)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, interrupt),
        signal.SIGTERM: signal.signal(signal.SIGTERM, terminate),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start_logging(verbose: int) -> None:
    """Log to stderr: a job's events with -v, an image's with -vv."""
    levels = (logging.ERROR, logging.INFO, logging.DEBUG)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=levels[min(verbose, 2)])
    for library in ("urllib3", "asyncio", "aiohttp"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # what they warn of is judged and recorded by us
