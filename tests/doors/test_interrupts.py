"""Told to stop: what runs is finished or named, nothing is lost, and the same command goes on."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors.running import Ran, files, finish, get, getting, parts, rows, saved, start, write_list
from tests.support.hostile import HostileServer

JOBS = 4
LINES = 12
PROMPTLY = 10.0
"""Seconds that leaving at once may take on a busy machine: half of the read timeout, 20 s."""

ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
PARALLEL = pytest.mark.parametrize("engine", ["thread", "async", "curl"])


class Run:
    """A run of a list, and what tests do to it."""

    def __init__(self, server: HostileServer, home: Path, paths: list[str], *args: object) -> None:
        self.server = server
        self.list = write_list(home / "urls.txt", map(server.url, paths))
        self.folder = home / "images"
        self.paths = paths
        self.args = args
        self.process = start(*getting(self.list, self.folder, "--jobs", JOBS, *args))
        self.stopped_at = 0.0

    def when(self, condition: Callable[[], bool], number: signal.Signals) -> None:
        """Send a signal as soon as the server has seen so much."""
        self.server.wait_for(condition)
        self.stopped_at = time.monotonic()
        self.process.send_signal(number)

    def end(self) -> Ran:
        """Wait for the end; the manifest must tell the truth then."""
        ran = finish(self.process)
        assert {row["path"] for row in saved(self.folder)} == files(self.folder)
        assert len(saved(self.folder)) == ran.summary["saved"] == len(ran.outcomes)
        return ran

    def complete(self, *args: object) -> None:
        """Run the same command again, perhaps with other flags: it fetches just what is missing."""
        self.server.gate.set()
        before, hits = saved(self.folder), self.server.hits.copy()
        ran = get(self.list, self.folder, "--jobs", JOBS, *self.args, *args)
        assert (ran.status, ran.summary["saved"]) == (0, len(self.paths)), ran.err
        done = {row["url"].removeprefix(self.server.origin) for row in before}
        assert {path for path in self.paths if self.server.hits[path] > hits[path]} == set(self.paths) - done
        assert len(rows(self.folder)) == len(self.paths)
        assert parts(self.folder) == []


def gated(count: int) -> list[str]:
    """Give the path of an image that proves the host, and those of images that wait until the gate is opened."""
    return ["/images/0.jpg", *(f"/gated/{number}.jpg" for number in range(count))]


@ALL
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_drains(hostile: HostileServer, tmp_path: Path, engine: str, number: signal.Signals, status: int):
    """What runs finishes and is saved, nothing new starts, and the status says which signal it was."""
    jobs = 1 if engine == "sequential" else JOBS
    run = Run(hostile, tmp_path, gated(LINES), "--engine", engine)
    run.when(lambda: hostile.hits.total() == 1 + jobs, number)
    assert "finishing what runs" in run.process.stderr.readline()  # it has heard
    hostile.gate.set()
    ran = run.end()
    assert ran.status == ran.summary["exit_status"] == status
    assert sum(hostile.hits.values()) == ran.summary["saved"] == 1 + jobs
    run.complete()


@ALL
def test_a_second_interrupt_leaves_at_once(hostile: HostileServer, tmp_path: Path, engine: str):
    """A silent server is not waited for; the image left behind is named and fetched by the next run."""
    run = Run(hostile, tmp_path, gated(LINES), "--engine", engine)
    run.when(lambda: hostile.hits.total() > 1, signal.SIGINT)
    assert "Ctrl-C again" in run.process.stderr.readline()
    run.process.send_signal(signal.SIGINT)
    ran = run.end()
    assert ran.status == 130
    assert time.monotonic() - run.stopped_at < PROMPTLY
    assert "left behind" in ran.err
    run.complete()


@PARALLEL
def test_on_interrupt_abandon(hostile: HostileServer, tmp_path: Path, engine: str):
    """The first interrupt leaves at once when that is asked for."""
    run = Run(hostile, tmp_path, gated(LINES), "--engine", engine, "--on-interrupt", "abandon")
    run.when(lambda: hostile.hits.total() == 1 + JOBS, signal.SIGINT)
    ran = run.end()
    assert ran.status == 130
    assert time.monotonic() - run.stopped_at < PROMPTLY
    run.complete()


@ALL
def test_a_drain_has_a_limit(hostile: HostileServer, tmp_path: Path, engine: str):
    """Past --drain-timeout a silent server is left, and the image is named on stderr by what it will be called."""
    run = Run(hostile, tmp_path, gated(LINES), "--engine", engine, "--drain-timeout", "1")
    run.when(lambda: hostile.hits.total() == 1 + (1 if engine == "sequential" else JOBS), signal.SIGINT)
    ran = run.end()
    assert ran.status == 130
    assert 1.0 <= time.monotonic() - run.stopped_at < PROMPTLY
    assert "image-1" in next(line for line in ran.err.splitlines() if "left behind" in line)
    run.complete()


@ALL
def test_a_job_may_last_so_long(hostile: HostileServer, tmp_path: Path, engine: str):
    """--max-duration drains: status 8, and the rest is for the next run."""
    run = Run(
        hostile, tmp_path, gated(LINES),
        "--engine", engine, "--max-duration", "700ms", "--drain-timeout", "100ms",
    )  # fmt: skip
    ran = run.end()
    assert ran.status == 8
    assert ran.summary["saved"] <= 1  # the gate was never opened
    run.complete("--max-duration", 0)
