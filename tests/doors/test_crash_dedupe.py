"""Killed at any moment while images give way to others: the next run mends what was left, and ends as if none had."""

import hashlib
import random
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.running import files, finish, get, getting, parts, rows, saved, start, write_list
from tests.doors.test_crash import until
from tests.support import hostile, images
from tests.support.hostile import Connection, HostileServer

LINES = 120
KINDS = 25
ARGS = ("--dedupe", "sha256", "--jobs", 16, "--per-host", 0, "--look-ahead", 200)


def copy_of_one(connection: Connection, _: int) -> bool:
    """One of a few images, sooner or later, so that copies come in any order; every fifth kind is spooled."""
    connection.sleep(random.uniform(0.0, 0.3))
    connection.send(hostile.sized(body_at(connection.request.path)))
    return True


def body_at(path: str) -> bytes:
    """Give the bytes that ``/copies/3-7.jpg`` answers with, the same for each of kind 3."""
    kind = kind_of(path)
    return images.jpeg((1 << 20) + 5000 if kind % 5 == 0 else None, seed=kind)


def kind_of(path: str) -> int:
    """Give the kind of a path."""
    return int(path.rpartition("/")[2].partition("-")[0])


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of copies."""
    with HostileServer({"/copies/*": copy_of_one}) as server:
        yield server


def test_killed_at_random_moments_the_firsts_are_kept(server: HostileServer, tmp_path: Path):
    """After many kills: the lowest of each kind is saved, the others name it, no file is left over or missing."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    killed = turn = 0
    while killed < 12:
        lines = [f"/copies/{chance.randrange(KINDS)}-{number}.jpg" for number in range(LINES)]
        folder = tmp_path / f"images-{turn}"
        listed = write_list(tmp_path / f"urls-{turn}.txt", map(server.url, lines))
        turn += 1
        while killed < 12 and killed_in_time(server, listed, folder, chance):
            killed += 1
        assert get(listed, folder, *ARGS).status == 0
        check(server, folder, lines)


def killed_in_time(server: HostileServer, listed: Path, folder: Path, chance: random.Random) -> bool:
    """Start it and kill it when it works; tells whether it was alive. What has a row is not fetched again."""
    settled = {row["url"].removeprefix(server.origin) for row in rows(folder)} if folder.exists() else set()
    hits = {path: server.hits[path] for path in settled}
    before = sum(server.hits.values())
    process = start(*getting(listed, folder, *ARGS))
    until(lambda: process.poll() is not None or sum(server.hits.values()) > before)
    due = time.monotonic() + chance.uniform(0.0, 1.2)
    until(lambda: process.poll() is not None or time.monotonic() > due)
    process.kill()
    ended = finish(process).status
    assert {path: server.hits[path] for path in settled} == hits
    return ended == -signal.SIGKILL


def check(server: HostileServer, folder: Path, lines: list[str]) -> None:
    """Hold the manifest and the folder against the list."""
    found = rows(folder)
    assert [row["url"] for row in found] == [server.url(line) for line in lines]
    first: dict[int, int] = {}
    for index, (row, line) in enumerate(zip(found, lines, strict=True)):
        lowest = first.setdefault(kind_of(line), index)
        assert row["path"] == f"{lowest:06d}.jpg"
        assert row["sha256"] == hashlib.sha256(body_at(line)).hexdigest()
        expected = ("saved", None, None) if lowest == index else ("skipped", "duplicate", f"like index {lowest}")
        assert (row["status"], row["code"], row["detail"]) == expected
    assert files(folder) == {row["path"] for row in saved(folder)}
    assert parts(folder) == []
    assert not list((folder / ".downloader").glob("lookalikes*"))
