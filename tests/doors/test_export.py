"""``downloader export``: the manifest for other programs, exactly."""

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from downloader.manifest import Manifest
from downloader.model import Effort, Image, Saved, Task
from tests.doors.running import Ran, arguments, environment, finish, get, getting, rows, run, start, write_list
from tests.doors.test_limits import disk, mount
from tests.support.hostile import HostileServer

__all__ = ["disk"]

COLUMNS = {"label": "cat, or dog", "path": 'C:\\a "b"', "비고": "=1+1\nsecond line"}


@pytest.fixture
def folder(hostile: HostileServer, tmp_path: Path) -> Path:
    """Give the folder of a run with own columns, a twin and a failure."""
    urls = [hostile.url(path) for path in ("/images/0.jpg", "/missing.jpg", "/images/0.jpg", "/images/1.jpg")]
    lines = [{"url": urls[0], **COLUMNS}, {"url": urls[1], "label": "none"}, {"url": urls[2]}, {"url": urls[3]}]
    path = tmp_path / "urls.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    get(path, tmp_path / "images")
    return tmp_path / "images"


def objects(text: str) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def cells(text: str) -> list[dict[str, str]]:
    """Read CSV."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_jsonl_is_the_manifest(folder: Path) -> None:
    """Every row with every column, in the order of the indexes, times in ISO 8601, the user's columns in an object."""
    found = objects(run("export", folder, "jsonl").out)
    assert [each["index"] for each in found] == [0, 1, 2, 3]
    assert found[0]["columns"] == COLUMNS
    for each, row in zip(found, rows(folder), strict=True):
        assert set(each) == set(row)
        same = set(row) - {"columns", "first_time", "last_time", "fields"}
        assert {name: each[name] for name in same} == {name: row[name] for name in same}
        assert each["first_time"] is None or each["first_time"].endswith("Z")


def test_csv_is_the_manifest(folder: Path) -> None:
    """The same as cells, exactly; a column of the user's that has the name of one of ours gets a name of its own."""
    done = subprocess.run(
        arguments("export", folder, "csv"), env=environment(), capture_output=True, timeout=50, check=True
    )
    found = cells(done.stdout.decode("utf-8"))
    assert [each["status"] for each in found] == [row["status"] for row in rows(folder)]
    assert found[0]["path"] == "000000.jpg"
    assert (found[0]["own_path"], found[0]["label"], found[0]["비고"]) == (
        COLUMNS["path"],
        COLUMNS["label"],
        COLUMNS["비고"],
    )
    assert (found[1]["label"], found[1]["own_path"], found[3]["label"]) == ("none", "", "")
    assert [each["sha256"] for each in found] == [row["sha256"] or "" for row in rows(folder)]


@pytest.mark.parametrize(("wanted", "indexes"), [("failed", [1]), ("saved,skipped", [0, 2, 3]), ("saved", [0, 3])])
def test_rows_of_some_statuses(folder: Path, wanted: str, indexes: list[int]) -> None:
    """Those asked for, in CSV with only the columns these have."""
    assert [each["index"] for each in objects(run("export", folder, "jsonl", "--status", wanted).out)] == indexes
    found = cells(run("export", folder, "csv", "--status", wanted).out)
    assert [int(each["index"]) for each in found] == indexes
    assert ("own_path" in found[0]) == (0 in indexes)


def test_what_was_exported_is_a_list(folder: Path, tmp_path: Path) -> None:
    """It goes in again with -i, with the user's columns and no others."""
    run("export", folder, "jsonl", "-o", tmp_path / "again.jsonl", "--status", "saved")
    ran = get(tmp_path / "again.jsonl", tmp_path / "copies")
    assert (ran.status, ran.summary["saved"]) == (0, 2)
    kept = [json.loads(row["columns"]) if row["columns"] else {} for row in rows(tmp_path / "copies")]
    assert kept == [COLUMNS, {}]


def test_a_file_is_whole_or_not_there(folder: Path, tmp_path: Path) -> None:
    """What cannot be written is told in one line, and no part of it is left."""
    target = tmp_path / "out.csv"
    assert run("export", folder, "csv", "-o", target).status == 0
    assert target.read_text("utf-8") == run("export", folder, "csv").out
    assert list(tmp_path.glob("*.part")) == []
    ran = run("export", folder, "csv", "-o", tmp_path / "no/such.csv")
    assert (ran.status, len(ran.err.splitlines())) == (6, 1)
    (tmp_path / "folder").mkdir()
    assert run("export", folder, "csv", "-o", tmp_path / "folder").status == 6
    assert list(tmp_path.glob("*.part")) == []
    full = subprocess.run(
        ["bash", "-c", f"{' '.join(arguments('export', folder, 'csv'))} >/dev/full"],
        env=environment(), capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert (full.returncode, "stdout" in full.stderr, "Traceback" in full.stderr) == (6, True, False)


@pytest.mark.parametrize(("args", "said"), [
    (["jsonl", "--status", "lost"], "--status cannot be 'lost'"),
    (["xml"], "'xml' is not one of"),
])  # fmt: skip
def test_what_cannot_be_exported(folder: Path, args: list[str], said: str) -> None:
    """A kind or a status there is not, and a folder without a manifest, are told."""
    ran = run("export", folder, *args)
    assert (ran.status, said in ran.err) == (2, True)
    assert run("export", folder.parent, "csv").status == 2


def large(home: Path, count: int) -> Path:
    """Write a manifest of many rows without a run."""
    with Manifest(home) as manifest:
        made = (
            Saved(Task(index, f"http://h/{index}.jpg", columns={"n": str(index)}), f"{index}.jpg",
                  Image(9, "0" * 64, "jpeg", ""), Effort(1, 0.1, 1.0, 1.1))
            for index in range(count)
        )  # fmt: skip
        for _ in manifest.record([outcome] for outcome in made):
            pass
    return home


def test_a_reader_that_has_enough_ends_it(tmp_path: Path) -> None:
    """``| head`` gets its lines, and nobody a traceback."""
    home = large(tmp_path / "images", 20_000)
    for form in ("csv", "jsonl"):
        command = f"{' '.join(arguments('export', home, form))} | head -2"
        done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, timeout=50, check=True)
        assert (done.stdout.count(b"\n"), done.stderr) == (2, b"")


def test_it_works_while_a_run_is_on(hostile: HostileServer, tmp_path: Path) -> None:
    """It shows what is committed, and the run goes on."""
    list_of = write_list(tmp_path / "urls.txt", map(hostile.url, ["/images/0.jpg", "/gated/1.jpg"]))
    process = start(*getting(list_of, tmp_path / "images", "--jobs", 1))
    line = process.stdout.readline()
    assert json.loads(line)["status"] == "saved"
    assert [each["status"] for each in objects(run("export", tmp_path / "images", "jsonl").out)] == ["saved"]
    hostile.gate.set()
    ran: Ran = finish(process)
    assert ran.status == 0


def test_it_works_on_a_read_only_disk(disk: Path, hostile: HostileServer, tmp_path: Path) -> None:
    """A finished folder may lie on any medium."""
    get(write_list(tmp_path / "urls.txt", [hostile.url("/images/0.jpg")]), disk / "images")
    mount(disk, "remount,ro")
    assert len(objects(run("export", disk / "images", "jsonl").out)) == 1
    assert len(cells(run("export", disk / "images", "csv").out)) == 1
