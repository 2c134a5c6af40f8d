"""What the length of a list costs: a million lines, half of them twins, through the command line.

The first line is a URL of a server that notes when it is asked. Of the others one in fifty is an image; the rest are
answered 404, so that each goes the whole way from the list over an engine to the manifest, and the disk stays small.
"""

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from harness import children, nginx, report
from harness.bars import Bar
from harness.contest import Contest, say
from harness.memory import Process
from harness.ours import ours, stored
from harness.packages import Absent
from harness.smallfiles import Small, Whole
from harness.stage import Stage, Told
from harness.turns import Unfit

TITLE = "A million lines: memory and the first request"

ROOM = 1
"""GiB that its runs fill in a whole benchmark: nothing is deleted before the end."""

LINES = (1_000_000, 10_000)
"""In a whole benchmark and in a quick one."""

STRETCH = 1000
"""So many lines follow, then the very same again."""

IMAGES = 50
"""One in so many URLs is an image."""

LIMIT = 3600.0
"""Seconds a run may take."""

NAMES = ("ours-curl", "ours-curl-x2", "ours-async")

PATIENCE = 60.0
"""Seconds in which the first request must come."""

MEMORY = 150.0
"""The most that any process may hold, in MB."""

GROWTH = 1.1
"""Flat is what holds no more than this in the last quarter of its life, as a share of what it held in the second."""

FIRST = 2.0
"""Seconds from the start of the process until its first request, at most."""

SOME_FAILED = 3
"""The exit status when all that failed did so for good."""

HEAD = ("engine", "lines", "first request, s", "whole run, s", "lines/s", "process", "most memory, MB", "growth")
HEAD += ("met",)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds from the start of its process, and its processes."""

    first_request: float
    seconds: float
    processes: Sequence[Process]


def addresses(count: int, server: str, corpus: Small) -> Iterator[str]:
    """Give the list, half of it twins; ``count`` is a multiple of two stretches."""
    for begin in range(0, count // 2, STRETCH):
        stretch = [server + path(number, corpus) for number in range(begin, begin + STRETCH)]
        yield from stretch
        yield from stretch


def path(number: int, corpus: Small) -> str:
    """Give where a line asks."""
    return f"/gone/{number}.jpg" if number % IMAGES else corpus.path(number // IMAGES)


def bench(stage: Stage) -> Told:
    """Run each engine once: what memory is held does not hang on chance."""
    corpus, contest = Small(), Contest()
    folder, room = corpus.folder(stage.cache), stage.room("lines")
    count = LINES[stage.quick]
    found: dict[str, Measured] = {}
    with nginx.serving(folder) as server, socket.create_server(("127.0.0.1", 0)) as listener:
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}/0.jpg", *addresses(count, server.address, corpus)]
        (room / "urls.txt").write_text("".join(f"{url}\n" for url in urls), "ascii")
        for name in stage.asked(NAMES):
            try:
                found[name] = _run(stage, name, room / name, Answering(listener, corpus.file(0)))
                _prove(room / name, set(urls), Whole.of(folder))
            except Absent as absent:
                contest.out(name, f"not here: {absent}")
            except Unfit as unfit:
                found.pop(name, None)
                contest.out(name, f"no figures: {unfit}")
    rows = [row for name, measured in found.items() for row in _rows(name, count + 1, measured)]
    data = {"runs": {name: asdict(measured) for name, measured in found.items()}, "without": contest.without}
    return Told(report.with_absent(report.table(HEAD, rows), contest), data)


@dataclass(slots=True)
class Answering:
    """Answers one request in a thread of its own, and holds the time at which it came."""

    listener: socket.socket
    body: bytes
    at: float = 0.0

    def __call__(self) -> None:
        """Wait for the request; a tool that asks nothing is told by a time of 0."""
        self.listener.settimeout(PATIENCE)
        try:
            connection, _ = self.listener.accept()
        except TimeoutError:
            return
        with connection:
            self.at = time.monotonic()
            connection.recv(65536)
            head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\n"
            connection.sendall(f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body)


def _run(stage: Stage, name: str, folder: Path, answering: Answering) -> Measured:
    """Run the list to its end."""
    command = ours(stage.downloader, name).command(folder.with_name("urls.txt"), folder)
    thread = threading.Thread(target=answering, name="first-request")
    begin = time.monotonic()
    thread.start()
    usage = children.run(command, folder.with_suffix(".log"), LIMIT)
    thread.join()
    if usage.status != SOME_FAILED or not answering.at:
        said = folder.with_suffix(".log").read_text("utf-8", "replace")
        raise Unfit(f"it ended with status {usage.status}, saying {' '.join(said[-500:].split())!r}")
    say(f"{name}: {usage.seconds:.1f} s")
    return Measured(answering.at - begin, usage.seconds, usage.processes)


def _prove(folder: Path, urls: set[str], whole: Whole) -> None:
    """Raise Unfit unless every image is stored whole and every other URL is in the manifest as what it is."""
    found = stored((), folder)
    images = {url for url in urls if "/gone/" not in url}
    if found.keys() != images:
        raise Unfit(f"{len(found)} images were stored, not the {len(images)} of the list")
    whole(found)
    with closing(sqlite3.connect(folder / ".downloader" / "manifest.sqlite")) as database:
        query = "SELECT count(DISTINCT url) FROM images WHERE status = 'failed' AND code = 'not-found'"
        [(failed,)] = database.execute(query).fetchall()
    if failed != len(urls) - len(images):
        raise Unfit(f"{failed} URLs are told as not-found, not {len(urls) - len(images)}")


def _rows(name: str, count: int, measured: Measured) -> Iterator[Sequence[str]]:
    """Give a row for each process that is no mere helper of multiprocessing's."""
    first = Bar(name, "first request", FIRST, at_most=True).verdict(measured.first_request)
    run = [f"{measured.first_request:.2f}, {first}", f"{measured.seconds:.0f}", f"{count / measured.seconds:,.0f}"]
    for number, process in enumerate(measured.processes):
        memory = process.peak / 1e6
        verdict = Bar(name, "memory", MEMORY, at_most=True).verdict(memory)
        flat = Bar(name, "flat", GROWTH, at_most=True).verdict(process.growth)
        told = [process.name, f"{memory:.0f}", f"{process.growth:.2f}", f"memory {verdict}, flat {flat}"]
        yield [*([name, f"{count:,}", *run] if not number else [""] * 5), *told]
