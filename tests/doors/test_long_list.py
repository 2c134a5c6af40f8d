"""A list of a million lines: work begins at once, and memory does not grow with the list."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doors.running import finish, start
from tests.support.storm import Crowd
from tests.support.watching import LINUX, Watched, seconds_at_work

LINES = 1_000_000
STRETCH = 1000
"""So many lines follow, then the very same again: half of all lines are twins."""

GONE_THROUGH = 60_000
IMAGES = 12_000
"""So many are asked then: the schedule holds 20,000 more (--look-ahead), and each has a twin."""

PROMPTLY = 2.0
"""Seconds of work until the first request: on an idle machine the clock says the same, on a busy one how busy it is."""

PATIENCE = 10.0
"""Seconds on the clock, for what waits without working."""

CREW = ("--engine", "async", "--jobs", 64, "--per-host", 0)

MOST_MEMORY = 250 << 20


@pytest.fixture
def server() -> Iterator[Crowd]:
    """Give a server that answers at once."""
    with Crowd("127.0.0", 16) as server:
        yield server


def write_long(path: Path, server: Crowd) -> Path:
    """Write the list."""
    with path.open("w", encoding="ascii") as file:
        for first in range(0, LINES // 2, STRETCH):
            stretch = "".join(f"{server.url(number % 16, number)}\n" for number in range(first, first + STRETCH))
            file.write(stretch * 2)
    return path


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the list, and what tests see of it."""

    process: "subprocess.Popen[str]"
    folder: Path
    begin: float  # monotonic

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the server sees; a process that ends before that fails the test."""
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)

    def end(self) -> None:
        """Interrupt it, and wait for its end."""
        self.process.send_signal(signal.SIGINT)
        ran = finish(self.process)
        assert ran.status == 130, ran.err

    def gone_through(self) -> int:
        """Give the number of lines that were entered into the index of what was seen."""
        with closing(sqlite3.connect(self.folder / ".downloader/seen.sqlite")) as database:
            [[lines]] = database.execute("SELECT value FROM counters WHERE name = 'next'")
            return lines


@pytest.fixture
def run(server: Crowd, tmp_path: Path) -> Iterator[Run]:
    """Give a run of the list that has just been started; what is left of it in the end is killed."""
    path, folder = write_long(tmp_path / "urls.txt", server), tmp_path / "images"
    begin = time.monotonic()
    process = start("get", "-i", path, "-o", folder, "--allow-private", "--progress", "none", *CREW)
    yield Run(process, folder, begin)
    if process.poll() is None:
        process.kill()
        process.communicate()


@LINUX
def test_a_million_lines(server: Crowd, run: Run) -> None:
    """The first request comes within two seconds, and when 60,000 lines are gone through little memory was taken."""
    run.until(lambda: server.first_hit > 0)
    assert seconds_at_work(run.process) < PROMPTLY
    assert server.first_hit - run.begin < PATIENCE
    with Watched(run.process) as memory:
        run.until(lambda: server.hits >= IMAGES)
        run.end()
    assert run.gone_through() >= GONE_THROUGH
    assert 0 < memory.peak < MOST_MEMORY
