"""Killed at any moment, and taken up again: nothing is lost, nothing is half, nothing is fetched twice."""

import hashlib
import random
import secrets
import time
from collections.abc import Iterator
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
    """Give 400 lines, twins and failures among them, in a random order."""
    lines = [f"/photo/{number}.jpg" for number in range(340)]
    lines += [f"/big/{number}.jpg" for number in range(12)]
    lines += [f"/none/{number}.jpg" for number in range(15)]
    lines += ["/cut.jpg"]
    lines += [*chance.choices(lines[:340], k=28), "/none/0.jpg", "/none/1.jpg", "/big/0.jpg", "/cut.jpg"]
    chance.shuffle(lines)
    return lines


def committed(server: HostileServer, folder: Path) -> dict[str, int]:
    """Give the hits of every URL that the manifest calls done: no later run may add to them."""
    done = (row for row in rows(folder) if row["status"] == "saved" or row["code"] == "not-found")
    return {path: server.hits[path] for path in (row["url"].removeprefix(server.origin) for row in done)}


def kill_soon(after: float, *args: object) -> bool:
    """Start the program and kill it after so many seconds; tells whether it had ended by itself."""
    process = start(*args)
    due = time.monotonic() + after
    while process.poll() is None and time.monotonic() < due:
        time.sleep(0.002)
    ended = process.poll() is not None
    process.kill()
    finish(process)
    return ended


@pytest.mark.parametrize(("engine", "kills"), [("thread", 20), ("async", 6)])
def test_killed_at_random_moments_a_job_ends_whole(server: HostileServer, tmp_path: Path, engine: str, kills: int):
    """After every kill the next run goes on: one row a line, whole files, no strays, nothing fetched twice."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    lines = paths_of_a_list(chance)
    list_of, folder = write_list(tmp_path / "urls.txt", map(server.url, lines)), tmp_path / "images"
    settled: dict[str, int] = {}
    for _ in range(kills):
        ended = kill_soon(chance.uniform(0.1, 1.5), *getting(list_of, folder, "--engine", engine, *RETRYING))
        assert {path: server.hits[path] for path in settled} == settled
        settled = committed(server, folder)
        saved(folder)  # each is whole at this very moment too
        if ended:
            break
    ran = get(list_of, folder, "--engine", engine, *RETRYING)
    assert {path: server.hits[path] for path in settled} == settled
    assert ran.status == 4  # the one that is always cut may yet come
    check_whole(server, folder, lines)


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
