"""Killed at any moment, and taken up again: nothing is lost, nothing is half, nothing is fetched twice."""

import hashlib
import random
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors.running import files, finish, get, getting, parts, rows, saved, start, write_list
from tests.support import hostile, images
from tests.support.hostile import Connection, HostileServer

BIG = (1 << 20) + 50_000
PAUSE = 0.1

RETRYING = ("--jobs", 8, "--per-host", 0, "--retries", 1, "--backoff", "0.05:0.1")


def photo(connection: Connection, _: int) -> bool:
    """A good image of its own after a moment."""
    connection.sleep(PAUSE)
    connection.send(hostile.sized(hostile.image_at(connection.request.path)))
    return True


def big(connection: Connection, _: int) -> bool:
    """A good image beyond 1 MiB in two pieces, so that its part is on disk for a while."""
    answer = hostile.sized(big_at(connection.request.path))
    connection.send(answer[:-20_000])
    connection.sleep(4 * PAUSE)
    connection.send(answer[-20_000:])
    return True


def big_at(path: str) -> bytes:
    """Give the bytes that ``/big/7.jpg`` answers with."""
    return images.jpeg(BIG + int(path.rpartition("/")[2].partition(".")[0]))


SCRIPTS = {
    "/photo/*": photo,
    "/big/*": big,
    "/none/*": hostile.SCRIPTS["/404.jpg"],
    "/cut.jpg": hostile.SCRIPTS["/length-too-long.jpg"],
}


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of delayed images, big ones, missing ones and one that is always cut."""
    with HostileServer(SCRIPTS) as server:
        yield server


def paths_of_a_list(chance: random.Random) -> list[str]:
    """Give 150 lines, twins and failures among them, in a random order."""
    lines = [f"/photo/{number}.jpg" for number in range(120)]
    lines += [f"/big/{number}.jpg" for number in range(6)]
    lines += [f"/none/{number}.jpg" for number in range(8)]
    lines += ["/cut.jpg"]
    lines += [*chance.choices(lines[:120], k=11), "/none/0.jpg", "/none/1.jpg", "/big/0.jpg", "/cut.jpg"]
    chance.shuffle(lines)
    return lines


class Job:
    """A list, a fresh folder, and what is known to be done there."""

    def __init__(self, server: HostileServer, home: Path, engine: str, chance: random.Random) -> None:
        server.hits.clear()
        self.server = server
        self.lines = paths_of_a_list(chance)
        self.list = write_list(home / "urls.txt", map(server.url, self.lines))
        self.folder = home / f"images-{chance.randrange(1 << 32)}"
        self.args = ("--engine", engine, *RETRYING)
        self.settled: dict[str, int] = {}

    def kill(self, chance: random.Random) -> bool:
        """Start it and kill it: now and then while it starts, mostly when it works; tells whether it was alive."""
        process = start(*getting(self.list, self.folder, *self.args))
        before = sum(self.server.hits.values())
        if chance.random() < 0.75:
            until(lambda: process.poll() is not None or sum(self.server.hits.values()) > before)
        due = time.monotonic() + chance.uniform(0.0, 0.7)
        until(lambda: process.poll() is not None or time.monotonic() > due)
        process.kill()
        killed = finish(process).status == -signal.SIGKILL
        self.look()
        return killed

    def look(self) -> None:
        """See that nothing done was fetched again, and that each image is whole at this very moment."""
        assert {path: self.server.hits[path] for path in self.settled} == self.settled
        done = (row for row in rows(self.folder) if row["status"] == "saved" or row["code"] == "not-found")
        paths = [row["url"].removeprefix(self.server.origin) for row in done]
        self.settled = {path: self.server.hits[path] for path in paths}
        saved(self.folder)

    def end(self) -> None:
        """Run it to its end and hold what is there against the list."""
        ran = get(self.list, self.folder, *self.args)
        self.look()
        assert ran.status == 4  # the one that is always cut may yet come
        check_whole(self.server, self.folder, self.lines)


def until(condition: Callable[[], bool], limit: float = 30.0) -> None:
    """Wait for a condition, looking often."""
    give_up = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < give_up, f"not so within {limit:g} s"
        time.sleep(0.002)


@pytest.mark.parametrize(("engine", "kills"), [("thread", 20), ("async", 6)])
def test_killed_at_random_moments_a_job_ends_whole(server: HostileServer, tmp_path: Path, engine: str, kills: int):
    """After every kill the next run goes on: one row a line, whole files, no strays, nothing fetched twice."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    job, killed = Job(server, tmp_path, engine, chance), 0
    while killed < kills:
        if job.kill(chance):
            killed += 1
            continue
        job.end()  # it was faster: a new list in a fresh folder for the kills that are left
        job = Job(server, tmp_path, engine, chance)
    job.end()


def check_whole(server: HostileServer, folder: Path, lines: list[str]) -> None:
    """Hold the manifest, the folder and the server against the list."""
    found = rows(folder)
    assert [row["url"] for row in found] == [server.url(line) for line in lines]
    assert [row["index"] for row in found] == list(range(len(lines)))
    first = {line: index for index, line in reversed(list(enumerate(lines)))}
    for row, line in zip(found, lines, strict=True):
        expected = "saved" if first[line] == row["index"] else "skipped"
        assert row["status"] == ("failed" if line.startswith(("/none", "/cut")) else expected), row
        assert row["path"] == (None if row["status"] == "failed" else found[first[line]]["path"])
    for row in saved(folder):
        path = row["url"].removeprefix(server.origin)
        body = big_at(path) if path.startswith("/big") else hostile.image_at(path)
        assert row["sha256"] == hashlib.sha256(body).hexdigest()
    assert files(folder) == {row["path"] for row in found if row["status"] == "saved"}
    assert parts(folder) == []
    failures = (folder / "failed.jsonl").read_text().splitlines()
    assert len(failures) == sum(row["status"] == "failed" for row in found)
