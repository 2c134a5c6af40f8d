"""What a person reads at the end: what became of the list, why, and what to type next."""

import shlex
import shutil
import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress

from downloader.errors import advice, is_transient, remedy
from downloader.model import Report
from downloader.pages.units import decimal_text

_STOPPED = {
    "interrupt": "stopped by Ctrl-C",
    "terminate": "stopped by SIGTERM",
    "hangup": "stopped: the terminal is gone",
    "max-duration": "stopped: --max-duration is over",
    "min-free": "stopped: less is free than --min-free",
}


DNS_SHARE = 0.3
"""Share of the time at work above which look-ups are named as what limited a run."""


def print_summary(report: Report, status: int) -> None:
    """Print the summary to stderr, wrapped to the width of the terminal."""
    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else 1000
    for line in summary_lines(report, status):
        indent = " " * (line.rfind("  ") + 2) if line.startswith("  ") else "  "
        with suppress(OSError):  # nobody reads it: the status and the manifest tell all
            print(
                textwrap.fill(line, max(width, 40), subsequent_indent=indent, break_long_words=False), file=sys.stderr
            )


def summary_lines(report: Report, status: int) -> list[str]:
    """Give the lines of the summary."""
    lines = verdict(report)
    if report.known:
        lines.append(f"{report.known} of them were settled in earlier runs and not asked again")
    lines += causes(report)
    if report.seconds_in_dns > max(1.0, DNS_SHARE * report.seconds_at_work):
        share = report.seconds_in_dns / report.seconds_at_work
        lines.append(f"DNS limited this run: {share:.0%} of the time at work was spent on look-ups; try --dns-jobs 64")
    lines += report.remarks
    if step := next_step(report, status):
        lines.append(f"next: {step}")
    return lines


def verdict(report: Report) -> list[str]:
    """Say in a line how the list stands, and before it in another why the job ended before its list."""
    lines = [f"{_STOPPED[report.stopped]} after {report.seconds:.1f} s"] if report.stopped else []
    lines.append(
        f"saved {report.saved} of {max(report.total, report.lines)}, skipped {report.skipped}, "
        f"failed {report.failures}{_rate(report)}"
    )
    return lines


def causes(report: Report) -> list[str]:
    """Say in a line for each cause how many failed of it, and what can be done."""
    width = max(map(len, report.failed), default=0)
    return [f"  {number:>6} {code:<{width}}  {advice(code)}" for code, number in report.failed.items()]


def _rate(report: Report) -> str:
    if not report.fetched:
        return ""
    rate = report.fetched / report.seconds
    return f" ({decimal_text(report.bytes)} in {report.seconds:.1f} s, {rate:.1f} images/s)"


def next_step(report: Report, status: int) -> str:
    """Say what to type next, or nothing when all is done."""
    folder = shlex.quote(str(report.folder))
    if report.stopped:
        first = "make room on the disk, then " if report.stopped == "min-free" else ""
        return f"{first}the same command again goes on where this one stopped"
    if status == 5:
        return f"check the network and its proxy, then: downloader retry {folder}"
    return retry_command(folder, list(report.failed)) if report.failures else ""


def retry_command(folder: str, codes: Sequence[str]) -> str:
    """Give the command that asks again what is worth it: the transient, else what a flag can mend, else a look."""
    if again := [code for code in codes if is_transient(code)]:
        return f"downloader retry {folder}" + ("" if len(again) == len(codes) else f" --code {','.join(again)}")
    mendable = next((code for code in codes if remedy(code)), None)
    return (
        f"downloader retry {folder} --code {mendable} {remedy(mendable)}" if mendable else f"downloader status {folder}"
    )
