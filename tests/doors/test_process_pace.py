"""How a job that works on images keeps time and memory: fetching and work go on beside each other, and not too far."""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer, Plan
from tests.doors.missteps import PROGRAM, SCRIPTS, asked, asking
from tests.doors.running import finish, get, getting, parts, saved, start, write_list
from tests.support import hostile, images
from tests.support.hostile import Connection, HostileServer
from tests.support.watching import LINUX, Watched

pytestmark = LINUX

ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
PARALLEL = pytest.mark.parametrize("engine", ["thread", "async", "curl"])
WORK = ("--process", "misstep,resize=64,center-crop", "--workers", 2, "--per-host", 0, "--retries", 0)
MIB = 1 << 20


def large(connection: Connection, _: int) -> bool:
    """A JPEG of 0.9 MB, or of 2 MB, past what is kept in memory; the work on each takes a moment."""
    number = int(connection.request.path.rpartition("/")[2].partition(".")[0])
    body, said = images.jpeg(900_000 if number % 2 else 2_000_000, seed=number % 8), asking("nap", 0.02)
    connection.send(hostile.sized(said[: len(said) - len(images.jpeg()) + 2] + body[2:]))
    return True


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of large images, and of images that ask for trouble."""
    with HostileServer({**SCRIPTS, "/large/*": large}) as server:
        yield server


@ALL
def test_slow_work_keeps_every_worker_busy(server: HostileServer, tmp_path: Path, engine: str):
    """Each of two workers has a good part of the images, and together they take half of the time of one."""
    list_of = write_list(tmp_path / "urls.txt", map(server.url, asked("nap", 0.25, 24)))
    ran = get(list_of, tmp_path / "images", *WORK, "--engine", engine, "--jobs", 4, command=PROGRAM)
    shares = Counter(outcome["fields"]["process"] for outcome in ran.outcomes)
    assert (len(shares), shares.total()) == (2, 24)
    assert min(shares.values()) >= 8
    assert 3.0 <= ran.summary["seconds"] < 5.0  # 6 by one alone


def test_fetching_goes_on_beside_slow_work_and_not_too_far(server: HostileServer, tmp_path: Path):
    """While both workers are held, images are fetched to have some in hand, and no more than that."""
    for engine in ("thread", "async", "sequential"):
        server.hits.clear()
        list_of = write_list(tmp_path / "urls.txt", map(server.url, asked("hang", "", 100)))
        process = start(
            *getting(list_of, tmp_path / engine, *WORK, "--engine", engine, "--jobs", 6, "--on-interrupt", "abandon"),
            command=PROGRAM,
        )
        server.wait_for(lambda: server.hits.total() >= 8)  # four for each worker
        with pytest.raises(AssertionError):
            server.wait_for(lambda: server.hits.total() > 8 + 3 * 6, timeout=1.5)
        process.send_signal(signal.SIGINT)
        assert finish(process).status == 130


@PARALLEL
def test_quick_work_costs_no_time(tmp_path: Path, engine: str):
    """Where a slow server sets the pace a job takes about as long with work on the images as without."""
    seconds = {}
    with ImageServer(Plan(latency=0.2, spread=0.0)) as server:
        list_of = write_list(tmp_path / "urls.txt", server.urls(160))
        for name, args in (("plain", ()), ("worked-on", ("--process", "resize=64", "--workers", 2))):
            ran = get(list_of, tmp_path / name, "--engine", engine, "--jobs", 16, "--per-host", 0, *args)
            assert (ran.status, ran.summary["saved"]) == (0, 160), ran.err
            seconds[name] = ran.summary["seconds"]
    assert seconds["worked-on"] < 1.5 * seconds["plain"] + 1.5  # 2 s, and 32 s if each image were waited for


@PARALLEL
def test_memory_is_flat(server: HostileServer, tmp_path: Path, engine: str):
    """Of 260 MB fetched the parent holds at no time more than what is in hand; parts go as soon as they are done.

    In hand are at most three bodies of up to 1 MiB for each of 6 jobs (arriving, ended, waiting for room) and four for
    each worker, twice: as they came, and in the slots that it shares with the worker. That is 34 MiB, over some 50 for
    the program itself.
    """
    list_of, folder = (
        write_list(tmp_path / "urls.txt", (server.url(f"/large/{n}.jpg") for n in range(180))),
        tmp_path / "images",
    )
    process = start(*getting(list_of, folder, *WORK, "--engine", engine, "--jobs", 6), command=PROGRAM)
    counts, over = [0], threading.Event()

    def count() -> None:
        while not over.wait(0.02):
            counts.append(len(parts(folder)))

    watcher = threading.Thread(target=count, name="parts")
    watcher.start()
    try:
        with Watched(process) as watched:
            ran = finish(process)
    finally:
        over.set()
        watcher.join()
    assert (ran.status, ran.summary["saved"]) == (0, 180), ran.err
    assert watched.peak < 110 * MIB
    assert 0 < max(counts) <= 3 * 6 + 8
    assert parts(folder) == []
    assert len(saved(folder)) == 180
