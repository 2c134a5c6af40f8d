"""Odd surroundings of a run: closed streams, odd lists, foreign folders, limits from Python."""

import itertools
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from downloader import UsageError, download
from downloader.manifest.database import FOLDER
from tests.doors.running import get, rows
from tests.support.hostile import HostileServer

ALLOW = {"allow_host": ["127.0.0.1"]}


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full"])
def test_closed_streams_stop_nothing(hostile: HostileServer, tmp_path: Path, closing: str) -> None:
    """Whoever starts us without stdout or stderr gets the images all the same."""
    command = (
        f"{sys.executable} -m downloader get {hostile.url('/good.jpg')} -o {tmp_path}/out --allow-private {closing}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=50, check=False)
    assert (tmp_path / "out/000000.jpg").is_file()
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0


def test_a_python_job_may_last_so_long(hostile: HostileServer, tmp_path: Path) -> None:
    """max_duration ends a list that has no end."""
    endless = (hostile.url(f"/images/{number}.jpg") for number in itertools.count())
    report = download(endless, tmp_path, max_duration="1s", **ALLOW)
    assert report.stopped == "max-duration"
    assert report.saved == len(report.outcomes) > 0


def test_an_index_set_back_is_made_anew(hostile: HostileServer, tmp_path: Path) -> None:
    """After a power cut the index may be older than the manifest: no line passes for another that is done."""

    def urls(letter: str) -> list[str]:
        return [hostile.url(f"/images/{letter}{number}.jpg") for number in range(3)]

    seen = tmp_path / FOLDER / "seen.sqlite"
    download(urls("a"), tmp_path, **ALLOW)
    old = seen.read_bytes()
    download(urls("b"), tmp_path, **ALLOW)
    for file in seen.parent.glob("seen.sqlite*"):
        file.unlink()
    seen.write_bytes(old)
    report = download(urls("c"), tmp_path, **ALLOW)
    assert (report.fetched, len(rows(tmp_path))) == (3, 9)


def test_a_folder_of_another_version_is_refused_before_the_first_request(
    hostile: HostileServer, tmp_path: Path
) -> None:
    """Nothing is fetched that could not be entered."""
    (tmp_path / FOLDER).mkdir()
    with sqlite3.connect(tmp_path / FOLDER / "manifest.sqlite") as database:
        database.execute('CREATE TABLE images ("index" INTEGER PRIMARY KEY, url TEXT, status TEXT, code TEXT)')
    with pytest.raises(UsageError, match="another version"):
        download([hostile.url("/good.jpg")], tmp_path, **ALLOW)
    assert hostile.hits.total() == 0


def test_names_that_a_list_plans_overwrite_nothing(hostile: HostileServer, tmp_path: Path) -> None:
    """Three images that want one name, one of them the name around another's, are three files."""
    paths = ["/images/x/cat.jpg", "/bytes/cat.jpg", "/images/cat.jpg"]
    hostile.scripts |= dict.fromkeys(paths, hostile.scripts["/images/*"])
    report = download(map(hostile.url, paths), tmp_path, name="{stem}", jobs=1, **ALLOW)
    assert report.saved == 3
    assert len({outcome.path for outcome in report.outcomes}) == 3


def test_lists_with_odd_bytes(hostile: HostileServer, tmp_path: Path) -> None:
    """Half characters, deep nesting, endless lines and names that are no UTF-8 cost their own line alone."""
    good = hostile.url("/good.jpg")
    text = f'{{"url": "{good}", "caption": "\\ud800"}}\n{"[" * 100_000}\n{{"url": "{"x" * 2_000_000}"}}\n'
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.jsonl"))
    path.write_text(text)
    ran = get(path, tmp_path / "out")
    assert ran.status == 3, ran.err
    assert sorted(outcome["code"] or "saved" for outcome in ran.outcomes) == ["bad-url", "bad-url", "saved"]
    assert len(rows(tmp_path / "out")) == 3


def test_long_lines_stay_apart(hostile: HostileServer, tmp_path: Path) -> None:
    """Two endless lines that begin alike are two lines, and neither is kept whole."""
    path = tmp_path / "urls.txt"
    path.write_text(f"{'a' * 200_000}1\n{'a' * 200_000}2\n{hostile.url('/good.jpg')}\n")
    ran = get(path, tmp_path / "out")
    assert [row["code"] for row in rows(tmp_path / "out")] == ["bad-url", "bad-url", None]
    assert max(len(row["url"]) for row in rows(tmp_path / "out")) < 300
    assert ran.status == 3


@pytest.mark.parametrize(("flags", "said"), [
    (["--ca-file", "/nope.pem"], "cannot be read"),
    (["--timeout", "0"], "more than 0"),
    (["--timeout", "9999999d"], "the longest is"),
])  # fmt: skip
def test_settings_that_cannot_be(hostile: HostileServer, tmp_path: Path, flags: list[str], said: str) -> None:
    """A setting that no run could have is told in one line, before the first request."""
    path = tmp_path / "urls.txt"
    path.write_text(hostile.url("/good.jpg"))
    ran = get(path, tmp_path / "out", *flags)
    assert (ran.status, hostile.hits.total()) == (2, 0)
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_status_moves_no_cursor(tmp_path: Path, hostile: HostileServer) -> None:
    """A list cannot speak to the terminal of whoever reads its status."""
    path = tmp_path / "urls.txt"
    path.write_bytes(b"http://ex\x1b]0;pwn\x07am/\n")
    get(path, tmp_path / "out")
    command = [sys.executable, "-m", "downloader", "status", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    assert "\x1b" not in done.stdout
    assert "bad-url" in done.stdout
