"""Lists as people bring them, through the command line."""

import gzip
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors.running import Ran, rows, run
from tests.support.hostile import HostileServer


def get(folder: Path, *args: object) -> Ran:
    """Run a list into a folder."""
    return run("get", "-o", folder / "out", "--allow-private", "--retries", 0, "--json", *args)


def test_bad_lines_end_nothing(hostile: HostileServer, tmp_path: Path) -> None:
    """Each is an outcome with file and line number, and the good ones around are fetched with their columns."""
    table = tmp_path / "table.csv"
    table.write_text(
        f'id,url\n1,{hostile.url("/good.jpg")}\n2,\n3,ftp://h/a.jpg\n4\n5,"{hostile.url("/good.jpg?5")}\n'
        f"6,http://user:secret@h/a.jpg\n7,{hostile.url('/images/[9:1].jpg')}\n8,{hostile.url('/images/[1:2].jpg')}\n"
    )
    ran = get(tmp_path, "-i", table, "--expand")
    assert ran.status == 3, ran.err
    found = rows(tmp_path / "out")
    assert [(row["code"], row["place"].rpartition(":")[2], row["columns"]) for row in found] == [
        (None if number in (1, 8) else "bad-url", str(number + 1), f'{{"id": "{number}"}}')
        for number in (1, 2, 3, 4, 5, 6, 7, 8, 8)
    ]
    for row in found:
        assert row["code"] is None or row["detail"].endswith(f"(table.csv:{row['place'].rpartition(':')[2]})")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert b"secret" not in kept + ran.out.encode() + ran.err.encode()


def test_what_came_before_the_damage_is_kept(hostile: HostileServer, tmp_path: Path) -> None:
    """A gzip that was cut short ends the job with status 7 and one line; the images before are there."""
    random.seed(1)
    lines = [hostile.url("/good.jpg"), *(f"#{random.getrandbits(512):x}" for _ in range(2000))]
    path = tmp_path / "list.txt.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode())[:-2000])
    ran = get(tmp_path, "-i", path)
    assert ran.status == 7
    assert "downloader: the list 'list.txt.gz' is cut short in line" in ran.err
    assert [row["status"] for row in rows(tmp_path / "out")] == ["saved"]


@pytest.mark.parametrize(
    ("data", "args"),
    [
        (b"url;id\n%s;1\n", ("--input-format", "csv")),
        (b'[{"link": "%s"}]', ("--input-format", "json", "--url-col", "link")),
        (b"%s\n", ()),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_stdin_takes_every_format(
    hostile: HostileServer, tmp_path: Path, data: bytes, args: tuple[str, ...], packed: bool
) -> None:
    """The flag says which; gzip is seen by its bytes."""
    data = data % hostile.url("/good.jpg").encode()
    command = [sys.executable, "-m", "downloader", "get", "-i", "-", "-o", tmp_path / "out", "--allow-private", *args]
    given = gzip.compress(data) if packed else data
    done = subprocess.run(command, input=given, capture_output=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert [row["place"].partition(":")[0] for row in rows(tmp_path / "out")] == ["stdin"]


def test_a_wrong_column_is_told_in_one_line(tmp_path: Path) -> None:
    """With the columns there are, and the flag."""
    (tmp_path / "table.csv").write_text("id,link\n1,http://h/\n")
    ran = get(tmp_path, "-i", tmp_path / "table.csv")
    assert ran.status == 7
    assert "no column 'url' but 'id', 'link': choose with --url-col" in ran.err


def test_a_retry_reads_no_list(hostile: HostileServer, tmp_path: Path) -> None:
    """It has no flags for one, and --limit and --skip of the run before do not hold for it."""
    out, offered = tmp_path / "out", run("retry", "--help").out
    flags = ("--input-format", "--url-col", "--expand", "--skip", "--limit ", "--hash-col")
    assert [flag for flag in flags if flag in offered] == ["--hash-col"]
    paths = ["/404.jpg", "/500-once.jpg", "/cut-once.jpg", "/410.jpg"]
    get(tmp_path, *map(hostile.url, paths), "--skip", 1, "--limit", 2)
    assert hostile.hits == {"/500-once.jpg": 1, "/cut-once.jpg": 1}
    assert run("retry", out).status == 0
    assert {row["status"] for row in rows(out)} == {"saved"}


def test_columns_stay_what_they_are(hostile: HostileServer, tmp_path: Path) -> None:
    """Names that the manifest and failed.jsonl have as well, and text of any kind."""
    (tmp_path / "t.csv").write_text(f'index,url,code,"a ""b"""\n007,{hostile.url("/404.jpg")},K7,"한글, 1\n2"\n')
    get(tmp_path, "-i", tmp_path / "t.csv")
    with sqlite3.connect(tmp_path / "out/.downloader/manifest.sqlite") as database:
        [found] = database.execute("SELECT columns FROM images").fetchall()
    assert found == ('{"index": "007", "code": "K7", "a \\"b\\"": "한글, 1\\n2"}',)


def test_compare_takes_tables(hostile: HostileServer, tmp_path: Path) -> None:
    """The columns are chosen there as here."""
    (tmp_path / "t.csv").write_text(f"id,link\n1,{hostile.url('/good.jpg')}\n2,{hostile.url('/chunked.jpg')}\n")
    flags = ("--url-col", "link", "--limit", 1, "--engines", "thread", "--runs", 1, "--allow-private", "--json")
    ran = run("compare", "-i", tmp_path / "t.csv", *flags)
    assert ran.status == 0, ran.err
    assert set(hostile.hits) == {"/good.jpg"}
