"""Where log lines go, and what is in them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from downloader.registry import engine_named
from tests.doors.running import get, run, write_list
from tests.support.hostile import HostileServer

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def list_of(hostile: HostileServer, tmp_path: Path) -> Path:
    """Give a list with an image and a failure."""
    return write_list(tmp_path / "urls.txt", [hostile.url("/good.jpg"), hostile.url("/missing.jpg")])


def read(text: str) -> list[dict[str, Any]]:
    """Read log lines in JSON, each of which must hold what every one does."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert list(line) == ["time", "level", "logger", "message", "fields"]
        assert MOMENT.fullmatch(line["time"])
    return lines


def test_a_log_file_gets_the_job_without_v(list_of: Path, tmp_path: Path) -> None:
    """A file is for later: it has the events of the job, and stderr stays quiet; a second run is appended."""
    log = tmp_path / "run.log"
    for _ in range(2):
        ran = get(list_of, tmp_path / "images", "--log-file", log, "--log-format", "json")
        assert not [line for line in ran.err.splitlines() if line.startswith("{")]
    lines = read(log.read_text())
    starts = [line["fields"] for line in lines if line["message"].startswith("run ") and "engine" in line["fields"]]
    assert [(fields["run"], fields["jobs"], fields["engine"]) for fields in starts] == [
        (1, 16, engine_named("auto")),
        (2, 16, engine_named("auto")),
    ]
    assert {line["level"] for line in lines} == {"info"}


def test_attempts_are_events_with_fields(list_of: Path, hostile: HostileServer, tmp_path: Path) -> None:
    """-vv tells each attempt, in the file as on stderr."""
    log = tmp_path / "run.log"
    ran = get(list_of, tmp_path / "images", "-vv", "--log-file", log, "--log-format", "json")
    said = "\n".join(line for line in ran.err.splitlines() if line.startswith("{"))
    for lines in (read(log.read_text()), read(said)):
        attempts = {line["fields"]["url"]: line["fields"] for line in lines if "attempt" in line["fields"]}
        assert attempts[hostile.url("/missing.jpg")]["code"] == "http-status"
        assert attempts[hostile.url("/good.jpg")]["code"] is None


def test_text_has_a_time_in_the_file(list_of: Path, tmp_path: Path) -> None:
    """A line a record, the time before it."""
    get(list_of, tmp_path / "images", "--log-file", tmp_path / "run.log")
    for line in (tmp_path / "run.log").read_text().splitlines():
        assert MOMENT.match(line)
        assert " INFO downloader." in line


@pytest.mark.parametrize("style", ["text", "json"])
def test_servers_write_no_control_characters(hostile: HostileServer, tmp_path: Path, style: str) -> None:
    """What a list or a server says moves no cursor of whoever reads the log."""
    list_of = tmp_path / "urls.txt"
    list_of.write_bytes(b"http://ex\x1b]0;pwn\x07\x7fam/\n" + hostile.url("/good.jpg").encode() + b"\n")
    log = tmp_path / "run.log"
    ran = get(list_of, tmp_path / "images", "-vv", "--log-file", log, "--log-format", style)
    for raw in (log.read_bytes(), ran.err.encode()):
        assert not {*range(10), *range(11, 32), 127} & {*raw}
        assert b"bad-url" in raw or b"attempt" in raw


@pytest.mark.parametrize("path", ["/no/such/folder/run.log", "/"])
def test_a_log_that_cannot_be_opened_is_told_before_anything_starts(
    list_of: Path, hostile: HostileServer, tmp_path: Path, path: str
) -> None:
    """One line, status 2, and no request."""
    ran = get(list_of, tmp_path / "images", "--log-file", path)
    assert (ran.status, len(ran.err.splitlines()), hostile.hits.total()) == (2, 1, 0)
    assert repr(path) in ran.err
    assert not (tmp_path / "images").exists()


def test_a_full_disk_under_the_log_ends_no_job(list_of: Path, tmp_path: Path) -> None:
    """It is said once."""
    ran = get(list_of, tmp_path / "images", "-vv", "--log-file", "/dev/full")
    assert ran.status == 3
    assert ran.err.count("cannot be written") == 1
    assert (tmp_path / "images/000000.jpg").is_file()


def test_retry_logs_too(list_of: Path, tmp_path: Path) -> None:
    """The flags are those of every run."""
    get(list_of, tmp_path / "images")
    run("retry", tmp_path / "images", "--log-file", tmp_path / "run.log", "--log-format", "json")
    assert read((tmp_path / "run.log").read_text())[-1]["fields"]["failed"] == 1
