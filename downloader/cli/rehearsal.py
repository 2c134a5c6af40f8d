"""``downloader get --dry-run``: say what would be done, and ask nobody."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from downloader.cli.logs import start_logging
from downloader.cli.manners import Manners
from downloader.cli.voice import Voice
from downloader.errors import printable
from downloader.job import Job
from downloader.rehearsal import Counts, Planned, Rehearsal

MOST_HOSTS = 20
"""Hosts named at most."""


def rehearse(job: Job, manners: Manners) -> int:
    """Print a line for each image that would be asked, then the sums; gives the exit status.

    It is 3 where lines would fail unasked, as it would be at the end of a run that fetches all others.
    """
    start_logging(manners.verbose, Voice(sys.stderr), manners.log_format, manners.log_file)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who has read enough (`| head`) ends us as it ends any filter
    with Rehearsal(job) as rehearsal:
        for planned in rehearsal:
            if not manners.quiet:
                print(json.dumps(_fields(planned), ensure_ascii=False) if manners.json else _line(planned))
        if manners.json:
            print(json.dumps(_sums(rehearsal)))
        if not manners.quiet:
            sys.stdout.flush()  # where both go to one place, the sums come last
            _tell(rehearsal)
    return 3 if rehearsal.counts.faulty else 0


def _line(planned: Planned) -> str:
    url = printable(planned.task.url)
    if planned.fault:
        return f"{planned.fault.code}: {planned.fault.detail} ({planned.task.place})"
    return f"{planned.name or '(named by the answer)'}  {url}"


def _fields(planned: Planned) -> dict[str, Any]:
    task, fault = planned.task, planned.fault
    return {
        "type": "planned",
        "index": task.index,
        "url": task.url,
        "place": task.place,
        "host": task.host or None,
        "name": None if fault else planned.name,
        "code": fault.code if fault else None,
        "detail": fault.detail if fault else None,
    }


def _sums(rehearsal: Rehearsal) -> dict[str, Any]:
    counts = rehearsal.counts
    hosts, others = rehearsal.hosts(MOST_HOSTS)
    return {
        "type": "summary",
        "lines": counts.lines,
        "to_ask": counts.asked,
        "faulty": counts.faulty,
        "known": counts.known,
        "left_out": counts.rest,
        "hosts": dict(hosts),
        "other_hosts": others,
    }


def _tell(rehearsal: Rehearsal) -> None:
    with suppress(OSError):  # nobody reads it
        for notice in rehearsal.notices:
            print(f"downloader: {notice}", file=sys.stderr)
        for line in _summary(rehearsal.counts, *rehearsal.hosts(MOST_HOSTS)):
            print(line, file=sys.stderr)


def _summary(counts: Counts, hosts: Sequence[tuple[str, int]], others: int) -> Iterator[str]:
    yield f"{counts.asked} of {counts.lines} lines would be asked; nothing was"
    if counts.known:
        yield f"{counts.known} were settled in earlier runs"
    if counts.rest:
        yield f"{counts.rest} have the URL of another line, or a name that a file has which is to stay"
    if counts.faulty:
        yield f"{counts.faulty} would fail unasked: correct those lines"
    if hosts:
        more = f", and {others} more" if others else ""
        yield "hosts: " + ", ".join(f"{printable(host)} ({images})" for host, images in hosts) + more
