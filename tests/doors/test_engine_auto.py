"""--engine auto: curl where pycurl is, else async; and everywhere it is told which one that was."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.doors.running import Ran, get, run, write_list
from tests.support.hostile import HostileServer

_BLOCKED = "import sys; sys.modules['pycurl'] = None; import downloader.cli as c; c.main()"
WITHOUT_PYCURL = (sys.executable, "-c", _BLOCKED)
_OLD = "import pycurl; del pycurl.ACTIVESOCKET; import downloader.cli as c; c.main()"
WITH_OLD_PYCURL = (sys.executable, "-c", _OLD)
HERE = pytest.mark.parametrize(
    ("command", "engine"),
    [(None, "curl"), (WITHOUT_PYCURL, "async"), (WITH_OLD_PYCURL, "async")],
    ids=["curl", "async", "old"],
)


def fetched(hostile: HostileServer, folder: Path, *args: object, command: object = None) -> Ran:
    """Run a job of one image."""
    list_of = write_list(folder / "urls.txt", [hostile.url("/good.jpg")])
    return get(list_of, folder / "images", *args, command=command)


@HERE
def test_the_engine_that_ran_is_told(hostile: HostileServer, tmp_path: Path, command, engine) -> None:
    """In the log, in the manifest beside the setting, and in the report."""
    ran = fetched(
        hostile, tmp_path, "--log-file", tmp_path / "run.log", "--log-format", "json",
        "--report", tmp_path / "run.md", command=command,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    lines = [json.loads(line)["fields"] for line in (tmp_path / "run.log").read_text().splitlines()]
    assert [fields["engine"] for fields in lines if "engine" in fields] == [engine]
    with closing(sqlite3.connect(tmp_path / "images/.downloader/manifest.sqlite")) as database:
        kept = dict(database.execute("SELECT name, value FROM meta WHERE name IN ('engine', 'settings')"))
    assert json.loads(kept["engine"]) == engine
    assert json.loads(kept["settings"])["engine"] == "auto"
    assert f"auto: {engine}" in (tmp_path / "run.md").read_text()


@HERE
def test_it_is_told_before_a_run_too(tmp_path: Path, command, engine) -> None:
    """By `config` and `doctor`, without a folder or a list."""
    [line] = [line for line in run("config", command=command).out.splitlines() if line.startswith("engine = ")]
    assert line.endswith(f"default; {engine} here")
    assert f"--engine auto is {engine} here" in run("doctor", command=command).out


def test_a_retry_takes_what_is_there_then(hostile: HostileServer, tmp_path: Path) -> None:
    """What is kept is the wish: a folder begun with one engine goes on with the other."""
    list_of = write_list(tmp_path / "urls.txt", [hostile.url("/500-once.jpg")])
    assert get(list_of, tmp_path / "images", "--retries", 0).status == 5
    again = run("retry", tmp_path / "images", "--json", command=WITHOUT_PYCURL)
    assert (again.status, again.summary["saved"]) == (0, 1), again.err


def test_an_old_pycurl_is_told(hostile: HostileServer, tmp_path: Path) -> None:
    """Who asks for the engine by name hears what is too old, and how to get a newer one."""
    ran = fetched(hostile, tmp_path, "--engine", "curl", command=WITH_OLD_PYCURL)
    assert ran.status == 2
    assert "engine 'curl' needs pycurl 7.46 and libcurl 8.19.0 or newer, here is PycURL/" in ran.err
    assert "pip install -U 'parallel-image-downloader[fast]'" in ran.err
    assert "curl" in run("doctor", command=WITH_OLD_PYCURL).out


def test_without_pycurl_the_engine_is_named_with_its_extra(hostile: HostileServer, tmp_path: Path) -> None:
    """Asked for by name, it is missed in one line, and nothing is fetched."""
    ran = fetched(hostile, tmp_path, "--engine", "curl", command=WITHOUT_PYCURL)
    assert (ran.status, ran.out) == (2, "")
    assert "engine 'curl' needs pycurl: pip install 'parallel-image-downloader[fast]'" in ran.err
    assert "Traceback" not in ran.err
    assert not hostile.hits


def test_the_doctor_misses_it_too() -> None:
    """As a warning with what to install; the other engines do without."""
    ran = run("doctor", "--json", command=WITHOUT_PYCURL)
    missed = [each for each in json.loads(ran.out)["findings"] if "pycurl" in each["found"]]
    assert ran.status == 0
    assert missed
    assert all(each["level"] == "warn" for each in missed)
    assert any("[fast]" in each["found"] + each["do"] for each in missed)


def test_curl_can_be_compared() -> None:
    """Beside the others, and "auto" as what it means here."""
    small = ("compare", "--images", 8, "--hosts", 2, "--latency", "5ms", "--runs", 1, "--json")
    told = json.loads(run(*small, "--engines", "auto,thread").out)
    assert [result["engine"] for result in told["results"]] == ["curl", "thread"]
    assert len({result["digest"] for result in told["results"]}) == 1
    assert told["environment"]["packages"]["pycurl"]
