"""What a person reads at the end: what became of the list, why, and what to type next."""

import shlex
import sys

from downloader.errors import advice
from downloader.model import Report

_STOPPED = {
    "interrupt": "stopped by Ctrl-C",
    "terminate": "stopped by SIGTERM",
    "max-duration": "stopped: --max-duration is over",
}


def print_summary(report: Report, status: int) -> None:
    """Print the summary to stderr."""
    print("\n".join(summary_lines(report, status)), file=sys.stderr)


def summary_lines(report: Report, status: int) -> list[str]:
    """Give the lines of the summary."""
    fetched = max(0, report.total - report.known)
    rate = fetched / report.seconds if report.seconds else 0.0
    lines = [f"{_STOPPED[report.stopped]} after {report.seconds:.1f} s"] if report.stopped else []
    lines.append(
        f"saved {report.saved} of {max(report.total, report.lines)}, skipped {report.skipped}, failed {report.failures}"
        f" ({size_text(report.bytes)} in {report.seconds:.1f} s, {rate:.1f} images/s)"
    )
    if report.known:
        lines.append(f"{report.known} of them were done before this run and not asked again")
    width = max(map(len, report.failed), default=0)
    lines += [f"  {number:>6} {code:<{width}}  {advice(code)}" for code, number in report.failed.items()]
    if step := next_step(report, status):
        lines.append(f"next: {step}")
    return lines


def next_step(report: Report, status: int) -> str:
    """Say what to type next, or nothing when all is done."""
    folder = shlex.quote(str(report.folder))
    if report.stopped:
        return "the same command again goes on where this one stopped"
    if status == 5:
        return f"check the network and its proxy, then: downloader retry {folder}"
    if report.transient:
        return f"downloader retry {folder}"
    return f"downloader status {folder}" if report.failures else ""


def size_text(count: float) -> str:
    """Give a count of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
