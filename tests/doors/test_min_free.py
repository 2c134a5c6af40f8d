"""A disk that is getting full: the run ends before the disk does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer, Plan
from downloader.model import Event, Notice
from downloader.ports import Control
from downloader.room import LOOK_EVERY, Room
from downloader.settings import Settings
from tests.doors.running import get, parts, rows, saved, write_list
from tests.doors.test_limits import mount


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("free", "reason"), [(999, "min-free"), (1000, None)])
def test_less_than_the_limit_drains(tmp_path: Path, free: int, reason: str | None) -> None:
    """At the limit the job goes on, below it drains and says how much there was."""
    told: list[Event] = []
    control = Control()
    Room(tmp_path, Settings.of(min_free=1000).ending, told.append, lambda _: free).look(control)
    assert control.reason == reason
    assert [type(event) for event in told] == ([Notice] if reason else [])


def test_it_looks_once_a_second(tmp_path: Path) -> None:
    """However many beats there are."""
    looks: list[Path] = []
    clock = Clock()

    def free(folder: Path) -> int:
        looks.append(folder)
        return 1 << 40

    room, control = Room(tmp_path, Settings.of(min_free="1G").ending, lambda _: None, free, clock), Control()
    for tick in range(100):
        clock.now = tick * LOOK_EVERY / 20
        room.look(control)
    assert looks == [tmp_path] * 5


def test_without_the_flag_nothing_is_looked_at(tmp_path: Path) -> None:
    """Off is off, on a disk without a byte too."""
    control = Control()
    Room(tmp_path, Settings().ending, lambda _: None, lambda _: 0).look(control)
    assert not control.stopping


def test_a_run_that_begins_below_the_limit_asks_for_nothing(tmp_path: Path) -> None:
    """It ends at once with 8, says why, and is a drained run like others: the same command goes on later."""
    with ImageServer(Plan(latency=0.01)) as server:
        list_of, folder = write_list(tmp_path / "urls.txt", server.urls(5)), tmp_path / "images"
        ran = get(list_of, folder, "--min-free", "1000000T")
        assert (ran.status, ran.summary["stopped"], ran.summary["saved"]) == (8, "min-free", 0)
        assert "--min-free is" in ran.err
        assert "stopped: less is free than --min-free" in ran.err
        assert server.hits.total() == 0
        assert get(list_of, folder).status == 0
    assert len(saved(folder)) == 5


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 4 MB of its own; it takes the right to mount."""
    home = tmp_path / "disk"
    home.mkdir()
    try:
        mount(home, "size=4m")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a file system cannot be mounted here: {getattr(error, 'stderr', '') or error}")
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


@pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
def test_a_disk_that_fills_up_is_left_before_it_is_full(disk: Path, tmp_path: Path, engine: str) -> None:
    """The run ends with 8 and not with 6, nothing is torn, and with more room the same command brings the rest."""
    with ImageServer(Plan(latency=0.2, size=100_000)) as server:
        list_of, folder = write_list(tmp_path / "urls.txt", server.urls(200)), disk / "images"
        how = ("--engine", engine, "--jobs", 2, "--min-free", "2M")
        ran = get(list_of, folder, *how)
        assert (ran.status, ran.summary["stopped"]) == (8, "min-free"), ran.err
        assert 0 < len(saved(folder)) == len(rows(folder)) < 30
        assert parts(folder) == []
        mount(disk, "remount,size=64m")
        ran = get(list_of, folder, *how, "--jobs", 16, "--engine", "thread")
        assert ran.status == 0, ran.err
    assert len(saved(folder)) == 200
