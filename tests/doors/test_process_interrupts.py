"""A job that works on images is told to stop, or killed: nothing is lost, no process stays, the next run ends it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors.missteps import PROGRAM, SCRIPTS, asked, descendants, workers
from tests.doors.running import Ran, files, finish, get, getting, parts, rows, saved, start, write_list
from tests.support.hostile import HostileServer
from tests.support.watching import LINUX

pytestmark = LINUX

ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
PROMPTLY = 10.0
"""Seconds that leaving at once may take on a busy machine: half of --process-timeout, 20 s."""


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of images that ask for trouble until its gate is opened."""
    with HostileServer(SCRIPTS) as server:
        yield server


class Run:
    """A run of a list whose images take long to work on, and what tests do to it."""

    def __init__(self, server: HostileServer, home: Path, paths: list[str], *args: object) -> None:
        self.server, self.paths, self.folder = server, paths, home / "images"
        self.list = write_list(home / "urls.txt", map(server.url, paths))
        self.args = ("--process", "misstep,resize=64,thumbnail=16", "--workers", 2, "--jobs", 6, "--per-host", 0, *args)
        self.process = start(*getting(self.list, self.folder, *self.args), command=PROGRAM)
        server.wait_for(lambda: server.hits.total() >= 8 and len(workers(self.process.pid)) == 2)
        self.below = descendants(self.process.pid)
        maps = [Path(f"/proc/{pid}/maps").read_text("utf-8") for pid in self.below]
        assert not any("/dev/shm/" in each for each in maps)  # noqa: S108 - nothing with a name that could stay

    def end(self) -> Ran:
        """Wait for the end; the manifest must tell the truth then, and no process be left."""
        ran = finish(self.process)
        until(lambda: not [pid for pid in self.below if is_alive(pid)])
        found = saved(self.folder)
        assert files(self.folder) == {name for row in found for name in (row["path"], thumbnail(row["path"]))}
        return ran

    def complete(self) -> None:
        """Run the same command again, now that images ask for nothing: it fetches just what is missing."""
        self.server.gate.set()
        before, hits = {row["url"] for row in saved(self.folder)}, self.server.hits.copy()
        ran = get(self.list, self.folder, *self.args, command=PROGRAM)
        assert (ran.status, ran.summary["saved"]) == (0, len(self.paths)), ran.err
        for path in self.paths:
            assert self.server.hits[path] - hits[path] == (self.server.url(path) not in before), path
        assert len(rows(self.folder)) == len(saved(self.folder)) == len(self.paths)
        images = {row["path"] for row in rows(self.folder)}
        assert files(self.folder) == images | set(map(thumbnail, images))
        assert list((self.folder / ".downloader/parts").iterdir()) == parts(self.folder) == []


def thumbnail(path: str) -> str:
    """Give the name of the small picture beside an image."""
    return f"{path.rpartition('.')[0]}.thumb.webp"


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: neither gone nor waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], limit: float = 15.0) -> None:
    """Wait for a condition."""
    give_up = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < give_up, f"not so within {limit:g} s"
        time.sleep(0.02)


@ALL
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_drains(server: HostileServer, tmp_path: Path, engine: str, number: signal.Signals, status: int):
    """All that was fetched is worked on and recorded, nothing new is asked for, and nothing is asked twice."""
    run = Run(server, tmp_path, asked("nap", 0.1, 60), "--engine", engine)
    run.process.send_signal(number)
    ran = run.end()
    assert ran.status == ran.summary["exit_status"] == status
    assert server.hits.total() == ran.summary["saved"] == len(rows(run.folder)) < 60
    assert parts(run.folder) == []
    run.complete()
    assert set(server.hits.values()) == {1}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_every_process_drains_as_well(server: HostileServer, tmp_path: Path, number, status: int):
    """As a terminal sends Ctrl-C, and a service manager its SIGTERM: workers that die of it cost nothing."""
    run = Run(server, tmp_path, asked("nap", 0.1, 60))
    for pid in [run.process.pid, *run.below]:
        os.kill(pid, number)
    ran = run.end()
    assert ran.status == status
    assert server.hits.total() == ran.summary["saved"] == len(rows(run.folder))
    run.complete()
    assert set(server.hits.values()) == {1}


@ALL
def test_a_second_interrupt_leaves_at_once(server: HostileServer, tmp_path: Path, engine: str):
    """Images that never end are not waited for."""
    run = Run(server, tmp_path, asked("hang", "", 30), "--engine", engine)
    run.process.send_signal(signal.SIGINT)
    assert "Ctrl-C again" in run.process.stderr.readline()
    sent = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    assert run.end().status == 130
    assert time.monotonic() - sent < PROMPTLY
    run.complete()


@pytest.mark.parametrize("how", [("--on-interrupt", "abandon"), ("--drain-timeout", "1")])
def test_an_interrupt_that_does_not_wait_for_ever(server: HostileServer, tmp_path: Path, how: tuple[str, str]):
    """Leaving at once, or when --drain-timeout is over, holds for the work on images as it does for fetching."""
    run = Run(server, tmp_path, asked("hang", "", 30), *how)
    sent = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    assert run.end().status == 130
    assert time.monotonic() - sent < PROMPTLY
    run.complete()


def test_images_left_behind_in_the_work_are_named(server: HostileServer, tmp_path: Path):
    """As those are that were left behind in the fetching."""
    run = Run(server, tmp_path, asked("hang", "", 30), "--on-interrupt", "abandon")
    run.process.send_signal(signal.SIGINT)
    told = " ".join(line for line in run.end().err.splitlines() if "left behind" in line)
    assert {"image-0", "image-1"} & set(told.replace(",", "").split())


@ALL
def test_a_killed_job_leaves_no_process(server: HostileServer, tmp_path: Path, engine: str):
    """Workers in code that never returns die with the parent, and the next run sweeps what lies about."""
    large = [f"/bytes/{1_500_000 + number}" for number in range(6)]
    run = Run(server, tmp_path, [*asked("hang", "", 12), *large, *asked("hang", "", 24)[12:]], "--engine", engine)
    run.process.kill()
    assert run.end().status == -signal.SIGKILL
    run.complete()


def test_threads_are_left_as_well(server: HostileServer, tmp_path: Path):
    """With --workers 0 the second interrupt does not wait for a thread that is at an image."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(server.url, asked("nap", 30, 12))), tmp_path / "images"
    args = ("--process", "misstep", "--workers", 0, "--on-interrupt", "abandon")
    process = start(*getting(list_of, folder, *args), command=PROGRAM)
    server.wait_for(lambda: server.hits.total() >= 8)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert finish(process).status == 130
    assert time.monotonic() - sent < PROMPTLY
    assert rows(folder) == []
