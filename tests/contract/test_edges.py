"""Edges at which libraries differ, and engines must not: framing, look-ups, descriptors, an error in the middle."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from downloader.errors import OutputError
from downloader.feeder import Unfinished
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Saved
from downloader.settings import Settings
from tests.contract.conftest import QUICK, Fetch
from tests.support.hostile import JPEG, HostileServer, chunked, head, raw, sized

LESS = len(JPEG) - 100
OLD = head("200 OK", "Connection: keep-alive", f"Content-Length: {LESS}").replace(b"HTTP/1.1", b"HTTP/1.0")

FRAMING: dict[str, tuple[bytes, str | None]] = {
    "a coding without a name": (head("200 OK", "Transfer-Encoding: ") + JPEG, None),
    "more than announced, by HTTP/1.0": (OLD + JPEG, "bad-reply"),
    "more behind the last chunk": (head("200 OK", "Transfer-Encoding: chunked") + chunked(JPEG) + b"more", "bad-reply"),
}


@pytest.mark.parametrize("case", FRAMING)
def test_framing_is_read_alike(fetch: Fetch, hostile: HostileServer, case: str) -> None:
    """What says nothing is nothing, and what comes behind the end makes the whole doubtful."""
    data, code = FRAMING[case]
    hostile.scripts = {"/a.jpg": raw(data)}
    [outcome] = fetch([hostile.url("/a.jpg")]).values()
    assert outcome.code == code


def slow_lookup(*_: object, **__: object) -> Any:
    """Find every name here, after a while."""
    time.sleep(1.5)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]


def test_looking_up_is_no_silence(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """A server has all of --read-timeout for its first byte, however long its name took."""

    def dawdle(connection, _):
        connection.sleep(1.5)
        connection.send(sized(JPEG))
        return True

    hostile.scripts = {"/a.jpg": dawdle}
    settings = Settings.of(**QUICK | {"engine": engine, "output": str(tmp_path), "read_timeout": 2.6, "retries": 0,
                                      "allow_private": True})  # fmt: skip
    url = hostile.url("/a.jpg").replace("127.0.0.1", "images.example")
    report = run_job(Job([Line(url)], settings, lookup=slow_lookup))
    assert (report.saved, dict(report.failed)) == (1, {})


@pytest.fixture
def crowded() -> Iterator[None]:
    """Have a thousand descriptors open, as a program that calls us may."""
    with ExitStack() as stack:
        for _ in range(1100):
            stack.callback(os.close, os.dup(2))
        yield


@pytest.mark.usefixtures("crowded")
def test_a_program_may_have_many_descriptors(fetch: Fetch, hostile: HostileServer) -> None:
    """More than select() knows."""
    outcomes = fetch([hostile.url(f"/good.jpg?{number}") for number in range(20)], jobs=4)
    assert {outcome.code for outcome in outcomes.values()} == {None}


def test_an_error_in_the_middle_loses_nothing_that_came(
    engine: str, hostile: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list's side breaks when more is pulled: what was fetched is stored and told before the job ends."""
    pull, pulled, saved = Unfinished.pull, [], []

    def breaking(self: Unfinished, room: int, now: float) -> Any:
        if hostile.hits.total() >= 4 and pulled:
            raise OutputError("the disk is gone")
        pulled.extend(tickets := pull(self, room, now))
        return tickets

    def observe(event: Event) -> None:
        if isinstance(event, Committed):
            saved.extend(outcome for outcome in event.outcomes if isinstance(outcome, Saved))

    monkeypatch.setattr(Unfinished, "pull", breaking)
    settings = Settings.of(**QUICK | {"engine": engine, "output": str(tmp_path), "look_ahead": 8, "jobs": 1})
    lines = [Line(hostile.url(f"/good.jpg?{number}")) for number in range(60)]
    with pytest.raises(OutputError, match="the disk is gone"):
        run_job(Job(lines, settings), None, [observe])
    assert len(saved) == hostile.hits.total() >= 4
    assert {path.name for path in tmp_path.glob("*.jpg")} == {outcome.path for outcome in saved}
