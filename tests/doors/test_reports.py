"""``--report`` at the end of a run, however that came."""

import json
import signal
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from downloader.imageserver import ImageServer, Plan
from tests.doors.running import finish, get, getting, limited, rows, run, start, write_list
from tests.support.hostile import HostileServer

PATHS = ["/images/0.jpg", "/images/1.jpg", "/images/0.jpg", "/missing.jpg", "/good.jpg"]


@pytest.fixture
def list_of(hostile: HostileServer, tmp_path: Path) -> Path:
    """Give a list with a twin and two kinds of failures."""
    return write_list(tmp_path / "urls.txt", [*map(hostile.url, PATHS), "no URL"])


def read(path: Path) -> dict[str, Any]:
    """Read a report in JSON."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_every_kind_is_written_and_agrees_with_the_manifest(list_of: Path, tmp_path: Path) -> None:
    """Counts by status, failures by cause, images over time and by host: the manifest's, each of them."""
    kinds = [tmp_path / f"report.{kind}" for kind in ("html", "md", "json")]
    ran = get(list_of, tmp_path / "images", *(flag for path in kinds for flag in ("--report", path)))
    assert (ran.status, all(path.stat().st_size > 1000 for path in kinds)) == (3, True)
    found = read(kinds[2])
    entered = rows(tmp_path / "images")
    statuses = Counter(row["status"] for row in entered)
    codes = Counter(row["code"] for row in entered if row["status"] == "failed")
    assert found["run"] == {"saved": statuses["saved"], "skipped": statuses["skipped"], "failed": dict(codes)}
    assert found["list"] == found["run"]
    assert found["exit_status"] == 3
    assert sum(found["throughput"]["images"]) == sum(host["images"] for host in found["hosts"]) == statuses["saved"]
    assert sum(found["throughput"]["failures"]) == sum(host["failures"] for host in found["hosts"]) == codes.total()
    assert found["bytes"] == sum(row["bytes"] for row in entered if row["status"] == "saved")
    assert {cause["code"]: cause["count"] for cause in found["failures"]} == codes


def test_a_resumed_run_is_told_apart_from_the_list(list_of: Path, hostile: HostileServer, tmp_path: Path) -> None:
    """What this run did, and how the whole list stands."""
    short = write_list(tmp_path / "short.txt", map(hostile.url, PATHS[:2]))
    get(short, tmp_path / "images")
    get(list_of, tmp_path / "images", "--report", tmp_path / "report.json")
    found = read(tmp_path / "report.json")
    assert (found["run"]["saved"], found["list"]["saved"], found["known"]) == (1, 3, 2)


def test_a_drained_run_has_its_report(hostile: HostileServer, tmp_path: Path) -> None:
    """With why it stopped, and that the same command goes on."""
    list_of = write_list(tmp_path / "urls.txt", map(hostile.url, ["/images/0.jpg", "/gated/1.jpg", "/gated/2.jpg"]))
    report = tmp_path / "report.json"
    process = start(*getting(list_of, tmp_path / "images", "--jobs", 1, "--report", report))
    hostile.wait_for(lambda: hostile.hits.total() == 2)
    process.send_signal(signal.SIGINT)
    process.stderr.readline()
    hostile.gate.set()
    assert finish(process).status == 130
    found = read(report)
    assert found["verdict"][0].startswith("stopped by Ctrl-C")
    assert (found["run"]["saved"], found["exit_status"]) == (2, 130)
    assert "same command" in found["next"]


def test_a_run_that_an_error_ends_has_its_report(tmp_path: Path) -> None:
    """With what had been done, and the error; the status stays that of the error."""
    import resource

    report = tmp_path / "report.json"
    with ImageServer(Plan(latency=0.01, size=300_000)) as server:
        list_of = write_list(tmp_path / "urls.txt", server.urls(5))
        ran = get(list_of, tmp_path / "images", "--report", report, before=limited(resource.RLIMIT_FSIZE, 200_000))
    assert ran.status == 6
    found = read(report)
    assert found["verdict"][0].startswith("ended by an error: ")
    assert (found["exit_status"], found["list"]) == (6, None)


def test_retry_has_one_too(list_of: Path, tmp_path: Path) -> None:
    """Of the failures it asked again."""
    get(list_of, tmp_path / "images")
    ran = run("retry", tmp_path / "images", "--report", tmp_path / "report.json")
    assert ran.status == 3
    found = read(tmp_path / "report.json")
    assert sum(found["run"]["failed"].values()) == 2
    assert found["list"]["saved"] == 3


@pytest.mark.parametrize(("paths", "status"), [(PATHS[:2], 6), (PATHS, 3)])
def test_a_report_that_cannot_be_written_is_told(
    hostile: HostileServer, tmp_path: Path, paths: list[str], status: int
) -> None:
    """In one line; the status is 6 only where all else was well, and the images are there."""
    list_of = write_list(tmp_path / "urls.txt", map(hostile.url, paths))
    ran = get(list_of, tmp_path / "images", "--report", "/proc/report.md", "-q")
    assert (ran.status, ran.summary["exit_status"]) == (status, status)
    assert len(ran.err.splitlines()) == 1
    assert "/proc/report.md" in ran.err


@pytest.mark.parametrize(("place", "said"), [("no/such/report.md", "make it first"), ("folder.md", "is a folder")])
def test_a_place_that_is_none_is_refused_before_the_run(
    list_of: Path, hostile: HostileServer, tmp_path: Path, place: str, said: str
) -> None:
    """No request, no folder: a long run does not lose its report to a slip."""
    (tmp_path / "folder.md").mkdir()
    ran = run("get", "-i", list_of, "-o", tmp_path / "images", "--report", tmp_path / place)
    assert (ran.status, hostile.hits.total(), (tmp_path / "images").exists()) == (2, 0, False)
    assert said in ran.err


def test_an_unknown_kind_is_refused_before_the_run(list_of: Path, hostile: HostileServer, tmp_path: Path) -> None:
    """No request, no folder."""
    ran = get(list_of, tmp_path / "images", "--report", "report.pdf")
    assert (ran.status, hostile.hits.total(), (tmp_path / "images").exists()) == (2, 0, False)
    assert "report.pdf" in ran.err


def test_what_was_learnt_of_hosts_is_told(list_of: Path, tmp_path: Path) -> None:
    """As status tells it."""
    get(list_of, tmp_path / "images", "--report", tmp_path / "report.json")
    with sqlite3.connect(tmp_path / "images/.downloader/manifest.sqlite") as database:
        [(told,)] = database.execute("SELECT value FROM meta WHERE name = 'hosts'")
    hosts = {host["name"]: host["learnt"] for host in read(tmp_path / "report.json")["hosts"] if host["learnt"]}
    assert hosts == json.loads(told)
