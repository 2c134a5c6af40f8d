"""Processes that are killed: others do what they had in hand, and nothing is lost, done twice or left behind."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.mixed import Even, Heard, children, leftovers, lives
from tests.doors.running import files, finish, get, getting, rows, saved, start, write_list
from tests.support.watching import LINUX
from tests.works.folder import committed, wait_until

pytestmark = LINUX

IMAGES = 2000
CREW = ("--processes", 2, "--jobs", 32, "--per-host", 0, "--engine")


def started(home: Path, urls: list[str], *args: object) -> tuple[Heard, list[int], Path]:
    """Start a job over two processes; gives it and them when images come, and the folder."""
    folder = home / "images"
    process = start(*getting(write_list(home / "urls.txt", urls), folder, *CREW, *args))
    heard = Heard(process)
    wait_until(lambda: len(committed(folder)) > 100 or process.poll() is not None)
    return heard, children(process.pid), folder


def check_whole(folder: Path, urls: list[str]) -> None:
    """Hold manifest and files against the list: a row a line, each image whole, no stray."""
    assert [row["url"] for row in rows(folder)] == urls
    assert {row["status"] for row in rows(folder)} == {"saved"}
    assert files(folder) == {row["path"] for row in saved(folder)}
    assert len(files(folder)) == len(urls)
    assert list(leftovers(folder)) == []


@pytest.mark.parametrize("engine", ["thread", "async"])
def test_a_killed_process_loses_nothing(tmp_path: Path, engine: str) -> None:
    """In the middle of 2,000 images, both processes one after the other: each image once in the manifest, and whole."""
    with Even(hosts=5, latency=0.1) as server:
        urls = [server.url(number % 5, number) for number in range(IMAGES)]
        heard, first, folder = started(tmp_path, urls, engine)
        assert len(first) == 2
        for pid in first:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: not lives([pid]) and len(children(heard.process.pid)) == 2)
            done = len(committed(folder))
            wait_until(lambda done=done: len(committed(folder)) > done or heard.process.poll() is not None)
        ran = heard.end()
        assert (ran.status, ran.summary["saved"]) == (0, IMAGES), ran.err
        assert ran.err.count("was killed by SIGKILL: another does what it had in hand") == 2
        assert Counter(outcome["index"] for outcome in ran.outcomes) == Counter(range(IMAGES))
        check_whole(folder, urls)
        # Asked twice is what was under way or not yet told, and no more.
        assert server.hits < IMAGES + 2 * (32 + 2 * 400)


def test_a_killed_process_of_a_split_host(tmp_path: Path) -> None:
    """Its successor is told its slice: the limit holds through a death, but for what the dead one had begun."""
    with Even(hosts=1, latency=0.02) as server:
        urls = [server.url(0, number) for number in range(1200)]
        heard, first, folder = started(tmp_path, urls, "async", "--per-host", 6)
        os.kill(first[0], signal.SIGKILL)
        ran = heard.end()
        assert (ran.status, ran.summary["saved"]) == (0, 1200), ran.err
        check_whole(folder, urls)
        assert server.most["127.0.2.1"] <= 6 + 3


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGRTMIN + 6])
def test_a_process_that_cannot_be_replaced_ends_the_job(tmp_path: Path, deadly: int) -> None:
    """One line says why, whatever the signal; what was told until then is in the manifest, and the folder goes on."""
    with Even(hosts=5, latency=0.02) as server:
        urls = [server.url(number % 5, number) for number in range(IMAGES)]
        heard, first, folder = started(tmp_path, urls, "async")
        (folder / ".downloader/parts/3").touch()
        os.kill(first[0], deadly)
        ran = heard.end()
        assert ran.status == 6
        assert "File exists" in ran.err
        assert "internal error" not in ran.err
        assert sorted(outcome["index"] for outcome in ran.outcomes) == [row["index"] for row in rows(folder)]
        assert get(tmp_path / "urls.txt", folder, *CREW, "async").status == 0
        check_whole(folder, urls)


@pytest.mark.parametrize("engine", ["thread", "async"])
def test_a_killed_parent_takes_its_processes_along(tmp_path: Path, engine: str) -> None:
    """None outlives it, and the same command goes on where it was."""
    with Even(hosts=5, latency=0.05) as server:
        urls = [server.url(number % 5, number) for number in range(IMAGES)]
        heard, crew, folder = started(tmp_path, urls, engine)
        heard.process.kill()
        killed_at = time.monotonic()
        heard.end()
        wait_until(lambda: not lives(crew))
        assert time.monotonic() - killed_at < 10
        before = len(committed(folder))
        assert 0 < before < IMAGES
        saved(folder)
        ran = get(tmp_path / "urls.txt", folder, *CREW, engine)
        assert (ran.status, ran.summary["saved"]) == (0, IMAGES), ran.err
        assert len(ran.outcomes) == IMAGES - before
        check_whole(folder, urls)


class Deadly(Even):
    """Kills whoever asks for one image."""

    def __init__(self, find: Callable[[], int]) -> None:
        super().__init__(hosts=2)
        self.find = find

    async def reply(self, host: str, number: int) -> bytes:
        """Answer, or kill when what came before has been told."""
        if number == 100:
            await asyncio.sleep(1.5)
            for pid in children(self.find()):
                os.kill(pid, signal.SIGKILL)
        return await super().reply(host, number)


def test_what_kills_again_and_again_ends_the_job(tmp_path: Path) -> None:
    """An image whose bytes no process survives ends the job with a clear line and not never; what came is recorded."""
    found: list[int] = []
    with Deadly(lambda: found[0]) as server:
        urls = [server.url(0, number) for number in range(101)]
        folder = tmp_path / "images"
        process = start(*getting(write_list(tmp_path / "urls.txt", urls), folder, *CREW, "async"))
        found.append(process.pid)
        ran = finish(process)
    assert ran.status == 6, ran.err
    assert "processes of this job died, the last was killed by SIGKILL" in ran.err
    assert {row["path"] for row in saved(folder)} <= files(folder)
    assert len(saved(folder)) == len(ran.outcomes) == 100
    assert children(process.pid) == []
