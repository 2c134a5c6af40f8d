"""Whole jobs whose images kill, hold or starve the processes they are worked on in: no image can hurt another."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.doors.missteps import PROGRAM, SCRIPTS, asked, workers
from tests.doors.running import Ran, files, finish, get, getting, parts, rows, run, saved, start, write_list
from tests.support.hostile import HostileServer
from tests.support.watching import LINUX

pytestmark = LINUX

ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
WORK = ("--process", "misstep,resize=64,center-crop", "--workers", 2, "--per-host", 0, "--retries", 0)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of good images, and of images that ask for trouble."""
    with HostileServer(SCRIPTS) as server:
        yield server


def images(count: int) -> list[str]:
    """Give the paths of so many good images, each of its own bytes."""
    return [f"/images/{number}.jpg" for number in range(count)]


def check_saved(server: HostileServer, folder: Path, paths: Sequence[str], side: int = 64) -> None:
    """See that exactly these are saved, whole, worked on, and each fetched once; and that no part is left."""
    found = saved(folder)
    assert Counter(row["url"].removeprefix(server.origin) for row in found) == Counter(paths)
    assert {(row["width"], row["height"], row["source_width"]) for row in found} == {(side, side, 64)}
    assert files(folder) == {row["path"] for row in found}
    assert {server.hits[path] for path in paths} == {1}
    assert parts(folder) == []


@ALL
def test_workers_killed_from_outside_cost_nothing(server: HostileServer, tmp_path: Path, engine: str):
    """Both workers are killed in the middle of 500 images, as an out-of-memory killer does: 500 are saved."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(server.url, images(500))), tmp_path / "images"
    process = start(*getting(list_of, folder, *WORK[2:], "--process", "resize=64,center-crop", "--engine", engine))
    server.wait_for(lambda: server.hits.total() > 100)
    killed = workers(process.pid)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    ran = finish(process)
    assert (ran.status, len(killed)) == (0, 2), ran.err
    check_saved(server, folder, images(500))


def run_with(server: HostileServer, home: Path, odd: Sequence[str], *args: object, count: int = 60) -> Ran:
    """Run good images with these in their middle, each of which is to fail."""
    paths = [*images(count // 2), *odd, *images(count)[count // 2 :]]
    ran = get(write_list(home / "urls.txt", map(server.url, paths)), home / "images", *WORK, *args, command=PROGRAM)
    assert {outcome["url"] for outcome in ran.outcomes if outcome["status"] == "failed"} == {*map(server.url, odd)}
    check_saved(server, home / "images", images(count))
    return ran


@pytest.mark.parametrize(
    ("word", "code", "detail", "flag"),
    [
        ("die", "decoder-crashed", "the worker died of it twice, the second time with SIGKILL", ""),
        ("crash", "decoder-crashed", "the worker died of it twice, the second time with SIGSEGV", ""),
        ("hang", "decoder-timeout", "not done after 1 s, twice", "--process-timeout 60"),
        ("devour", "decoder-memory", "needs more than 1024 MiB, tried twice", "--worker-memory 2G"),
    ],
)
def test_of_500_images_the_deadly_one_is_named(server, tmp_path: Path, word: str, code: str, detail: str, flag: str):
    """499 are right and one is failed: in the results, the manifest, failed.jsonl and the words of ``status``."""
    [odd] = asked(word, "", 1)
    ran = run_with(server, tmp_path, [odd], "--process-timeout", 1, count=499)
    assert (ran.status, ran.summary["saved"], ran.summary["failed"]) == (3, 499, {code: 1}), ran.err
    [row] = [row for row in rows(tmp_path / "images") if row["status"] == "failed"]
    assert (row["url"], row["code"], row["detail"], row["path"]) == (server.url(odd), code, detail, None)
    [line] = (tmp_path / "images/failed.jsonl").read_text().splitlines()
    assert json.loads(line)["url"] == server.url(odd)
    told = run("status", tmp_path / "images").out
    assert f"1 {code}: " in told
    assert (f"--code {code} {flag}" in told) == bool(flag)


@ALL
def test_the_same_by_every_engine(server: HostileServer, tmp_path: Path, engine: str):
    """One of each kind in one job; none of them is worth another run as it is, so the status is 3."""
    odd = [path for word in ("crash", "hang", "leave", "devour") for path in asked(word, "", 1)]
    ran = run_with(server, tmp_path, odd, "--engine", engine, "--process-timeout", 1)
    assert ran.summary["failed"] == {"decoder-crashed": 2, "decoder-timeout": 1, "decoder-memory": 1}
    assert (ran.status, ran.summary["transient"]) == (3, 0)


def test_with_a_transient_failure_the_status_is_another(server: HostileServer, tmp_path: Path):
    """A server's fault beside a deadly image is worth another run: 4. That run does not try the deadly one again."""
    odd = [*asked("die", "", 1), "/500.jpg"]
    assert run_with(server, tmp_path, odd).status == 4
    ran = get(tmp_path / "urls.txt", tmp_path / "images", *WORK, command=PROGRAM)
    assert [outcome["code"] for outcome in ran.outcomes] == ["server-error"]
    assert server.hits[odd[0]] == 1


def test_what_takes_too_long_is_retried_with_more_time(server: HostileServer, tmp_path: Path):
    """``retry`` keeps the folder's steps, and takes the new limit: the image is saved as the others were."""
    [slow] = asked("nap", 2.5, 1)
    assert run_with(server, tmp_path, [slow], "--process-timeout", 1, count=10).status == 3
    asking = ("--code", "decoder-timeout", "--process-timeout", 60, "--json", "--progress", "none")
    ran = run("retry", tmp_path / "images", *asking, command=PROGRAM)
    [outcome] = ran.outcomes
    assert (ran.status, outcome["status"], outcome["url"]) == (0, "saved", server.url(slow)), ran.err
    assert (outcome["width"], outcome["steps"]) == (64, "decode,misstep,resize")
    assert not (tmp_path / "images/failed.jsonl").exists()
    assert len(saved(tmp_path / "images")) == 11
