"""One job in a process of its own: orders and words come over the socket that is its stdin, and events go back.

When the service dies, the socket ends: the job is abandoned at once, with its manifest true.
"""

import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from downloader.engines.crew import start
from downloader.errors import DownloaderError, InputError, OutputError
from downloader.garbage import collect_seldom
from downloader.job import Job, run_job
from downloader.manifest.database import FOLDER
from downloader.manifest.views import FailedLines, kept, reading
from downloader.model import Line, Report
from downloader.policy.shares import Shares
from downloader.ports import Control, Source
from downloader.service.channel import Channel
from downloader.service.teller import Teller
from downloader.service.weight import Weight
from downloader.settings import Settings
from downloader.sources.files import Lists
from downloader.surroundings import Surroundings

LAST_MOMENTS = 10.0
"""Seconds after the service's death until the kernel ends us, whatever holds us up."""

PATIENCE = 15.0
"""Seconds in which the process of a service that died lets the folder go."""


class Bounded:
    """A source of so many lines at most."""

    def __init__(self, source: Source, most: int) -> None:
        self._source = source
        self._most = most

    def __iter__(self) -> Iterator[Line]:
        """Go through the lines; raises InputError at the first too many."""
        for number, line in enumerate(self._source):
            if number == self._most:
                raise InputError(f"the list has more than {self._most} lines, which is what a job may have")
            yield line


def obey(channel: Channel, control: Control, shares: Shares) -> None:
    """Do what the service says, until it is gone."""
    words: dict[str, Callable[[dict[str, Any]], None]] = {
        "pause": lambda _: control.pause(),
        "resume": lambda _: control.resume(),
        "drain": lambda said: control.drain("terminate", said["timeout"]),
        "abandon": lambda _: control.abandon("terminate"),
        "shares": lambda said: _give(said, control, shares),
    }
    for said in channel.heard():
        words[said["word"]](said)
    signal.setitimer(signal.ITIMER_REAL, LAST_MOMENTS)
    control.abandon("terminate")


def _give(said: dict[str, Any], control: Control, shares: Shares) -> None:
    shares.give((host, number, places) for host, number, places in said["shares"])
    control.wake()


def run(orders: dict[str, Any], channel: Channel, control: Control, shares: Shares) -> dict[str, Any]:
    """Run the job that is ordered, and give the last word on it."""
    folder = Path(orders["folder"])
    settings = Settings().replace(**orders["settings"])
    wait_for(folder)
    collect_seldom()
    weight = Weight(folder, orders, control, settings.ending.drain_timeout)
    teller = Teller(channel, weight, whole=orders["codes"] is None)
    report = run_job(_job(orders, folder, settings, shares), control, [weight, teller])
    teller.tell_failures()
    return teller.spent() | report_fields(report, whole=orders["codes"] is None)


def _job(orders: dict[str, Any], folder: Path, settings: Settings, shares: Shares) -> Job:
    how: dict[str, Any] = {
        "settings": settings,
        "surroundings": Surroundings(**orders["surroundings"]),
        "measure": True,
        "watched": True,
        "shares": shares,
    }
    if orders["codes"] is None:
        return Job(Bounded(Lists((), [orders["list"]], settings.intake), orders["most_urls"]), **how)
    codes = frozenset(orders["codes"])
    with reading(folder) as database:
        others = kept(database, codes)
    return Job(FailedLines(folder, codes), ask_again=lambda row: row.status == "failed", kept=others, **how)


def wait_for(folder: Path) -> None:
    """Wait until the process of a service that died has let the folder go; else the manifest will say who has it."""
    try:
        lock = (folder / FOLDER / "lock").open("a")
    except FileNotFoundError:
        return
    with lock:
        for _ in range(int(PATIENCE / 0.1)):
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.1)


def report_fields(report: Report, *, whole: bool) -> dict[str, Any]:
    """Give the report as JSON values."""
    return {
        "counts": {"saved": report.saved, "skipped": report.skipped, "failed": report.failures},
        "codes": dict(report.failed),
        **({"lines": report.lines} if whole else {}),
        "seconds": round(report.seconds, 3),
        "stopped": report.stopped,
    }


def main() -> NoReturn:
    """Take the orders, run, and tell how it ended."""
    channel, control = Channel(socket.socket(fileno=os.dup(0))), Control()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service says when to stop
    signal.signal(signal.SIGTERM, lambda *_: control.drain("terminate", 15.0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    orders = next(channel.heard(), None)
    if orders is None:
        os._exit(0)
    shares = Shares(lambda word, host, use, places: channel.tell(event=word, host=host, use=use, places=places))
    start(threading.Thread(target=obey, args=(channel, control, shares), name="obedience", daemon=True))
    try:
        channel.tell(event="ended", **run(orders, channel, control, shares))
    except DownloaderError as error:
        channel.tell(event="error", reason=str(error), disk=isinstance(error, OutputError))
    # An interpreter's normal end would wait for threads that were left behind.
    os._exit(0)


if __name__ == "__main__":
    main()
