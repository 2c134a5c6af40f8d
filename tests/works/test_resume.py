"""A list run again: what is done is not asked, what may come is, and every line keeps its index."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.doors.running import files, rows, run
from tests.support.hostile import JPEG, image_at
from tests.works.folder import Folder

A, B, C, D = (f"/images/{name}.jpg" for name in "abcd")
PARALLEL = pytest.mark.parametrize("engine", ["thread", "async", "curl"])


# --- what is asked again


@PARALLEL
def test_only_what_may_come_is_asked_again(folder: Folder, engine: str):
    """A transient failure is tried on the next run under its old index; what is saved or gone for good is not."""
    first = folder.get(A, "/500-once.jpg", "/404.jpg", engine=engine)
    assert (first.saved, first.failed, first.known) == (1, {"server-error": 1, "not-found": 1}, 0)
    second = folder.get(A, "/500-once.jpg", "/404.jpg", engine=engine)
    assert (second.saved, second.failed, second.known) == (2, {"not-found": 1}, 2)
    assert [outcome.task.index for outcome in second.outcomes] == [1]
    assert folder.server.hits == {A: 1, "/500-once.jpg": 2, "/404.jpg": 1}
    assert folder.table() == [
        (A, "saved", "000000.jpg"), ("/500-once.jpg", "saved", "000001.jpg"), ("/404.jpg", "failed", "not-found")
    ]  # fmt: skip


def test_lines_that_come_and_go(folder: Folder):
    """Lines added, removed and moved keep their indexes, and only what is new is asked."""
    folder.get(A, B, C)
    before = folder.table()
    second = folder.get(D, C, A)
    assert (second.saved, second.known, [o.task.url for o in second.outcomes]) == (3, 2, [folder.server.url(D)])
    assert folder.table() == [*before, (D, "saved", "000003.jpg")]
    assert folder.get(B).known == 1
    assert set(folder.server.hits.values()) == {1}


# --- twins


@PARALLEL
def test_twins_of_a_saved_line(folder: Folder, engine: str):
    """The same URL again is asked once; its other lines are skipped and name the first one's file, on every run."""
    report = folder.get(A, B, A, A, engine=engine)
    assert (report.saved, report.skipped, folder.server.hits[A]) == (2, 2, 1)
    twins = [outcome for outcome in report.outcomes if outcome.status == "skipped"]
    assert {(twin.code, twin.path) for twin in twins} == {("duplicate", "000000.jpg")}
    table = folder.table()
    assert sorted(status for url, status, _ in table if url == A) == ["saved", "skipped", "skipped"]
    again = folder.get(A, B, A, A, engine=engine)
    assert (again.saved, again.skipped, again.known, again.outcomes) == (2, 2, 4, ())
    more = folder.get(A, A, A, A, engine=engine)
    assert (more.skipped, more.known, len(more.outcomes)) == (3, 3, 1)
    assert folder.table() == [*table, (A, "skipped", "000000.jpg")]
    assert folder.server.hits == {A: 1, B: 1}


@PARALLEL
def test_twins_of_a_failed_line(folder: Folder, engine: str):
    """They fail with the first one's code, and are saved and skipped when it comes."""
    report = folder.get("/404.jpg", "/500-once.jpg", "/404.jpg", "/500-once.jpg", engine=engine)
    assert report.failed == {"not-found": 2, "server-error": 2}
    assert len(folder.failures.read_text().splitlines()) == 4
    report = folder.get("/404.jpg", "/500-once.jpg", "/404.jpg", "/500-once.jpg", engine=engine)
    assert (report.saved, report.skipped, report.failed) == (1, 1, {"not-found": 2})
    assert folder.server.hits == {"/404.jpg": 1, "/500-once.jpg": 2}
    assert [(status, what) for _, status, what in folder.table()] == [
        ("failed", "not-found"), ("saved", "000001.jpg"), ("failed", "not-found"), ("skipped", "000001.jpg")
    ]  # fmt: skip


@PARALLEL
def test_a_shorter_list_mends_the_twins_too(folder: Folder, engine: str):
    """Both lines of a URL fail, one is run again and saved: no row of it stays failed."""
    folder.get("/500-once.jpg", "/500-once.jpg", engine=engine)
    report = folder.get("/500-once.jpg", engine=engine)
    assert (report.saved, report.failed) == (1, {})
    assert [status for _, status, _ in folder.table()] == ["saved", "skipped"]
    assert not folder.failures.exists()
    ran = run("retry", folder.path)
    assert (ran.status, ran.out) == (0, "")
    assert "nothing to retry" in ran.err
    assert folder.server.hits["/500-once.jpg"] == 2


# --- retry and audit


def test_retry_asks_the_failures(folder: Folder):
    """With codes those alone, without any all, also what failed for good; the report counts the whole folder."""
    folder.get(A, "/500-once.jpg", "/cut-once.jpg", "/404.jpg", "/500-once.jpg")
    some = folder.retry("server-error")
    assert (some.saved, some.skipped, some.failed) == (2, 1, {"truncated": 1, "not-found": 1})
    assert folder.server.hits == {A: 1, "/500-once.jpg": 2, "/cut-once.jpg": 1, "/404.jpg": 1}
    every = folder.retry()
    assert (every.saved, every.failed, every.known) == (3, {"not-found": 1}, 3)
    assert folder.server.hits == {A: 1, "/500-once.jpg": 2, "/cut-once.jpg": 2, "/404.jpg": 2}


def test_an_audit_finds_and_marks(folder: Folder):
    """What is missing or damaged is named; marked, it is fetched anew, and the damaged file is kept aside."""
    folder.get(A, B, C)
    assert run("audit", folder.path).status == 0
    (folder.path / "000000.jpg").unlink()
    (folder.path / "000001.jpg").write_bytes(b"something else")
    before = rows(folder.path)
    for args in ((), ("--mark",)):
        assert rows(folder.path) == before  # looking changes nothing
        ran = run("audit", folder.path, *args)
        assert (ran.status, ran.out) == (4, "missing  000000.jpg\ndamaged  000001.jpg\n")
    assert [what for _, _, what in folder.table()] == ["missing", "damaged", "000002.jpg"]
    assert len(folder.failures.read_text().splitlines()) == 2
    ran = run("retry", folder.path)
    assert ran.status == 0, ran.err
    assert [status for _, status, _ in folder.table()] == ["saved"] * 3
    assert folder.server.hits == {A: 2, B: 2, C: 1}
    assert (folder.path / "000001.jpg.damaged").read_bytes() == b"something else"
    assert run("audit", folder.path).status == 0


def test_an_audit_of_a_file_that_two_rows_share(folder: Folder):
    """Two URLs with the same bytes have one file by --name {sha256}; damaged, both are marked and both come back."""
    shared = ("/good.jpg", "/good.jpg?size=1")
    report = folder.get(*shared, name="{sha256}")
    name = f"{hashlib.sha256(JPEG).hexdigest()}.jpg"
    assert {outcome.path for outcome in report.outcomes} == {name}
    (folder.path / name).write_bytes(b"something else")
    ran = run("audit", folder.path, "--mark")
    assert ran.status == 4
    assert [what for _, _, what in folder.table()] == ["damaged", "damaged"]
    ran = run("retry", folder.path)
    assert ran.status == 0, ran.err
    assert (folder.path / name).read_bytes() == JPEG
    assert [status for _, status, _ in folder.table()] == ["saved", "saved"]


# --- files without a row


def test_an_orphan_is_adopted(folder: Folder):
    """The very bytes under the very name, left by a crash before its commit, are the line's own."""
    folder.path.mkdir()
    (folder.path / "000000.jpg").write_bytes(image_at(A))
    folder.get(A)
    assert folder.table() == [(A, "saved", "000000.jpg")]
    assert files(folder.path) == {"000000.jpg"}


def test_a_file_of_somebody_else_stays(folder: Folder):
    """Other bytes under the name are left alone; the image goes around them, under the same name on every run."""
    folder.path.mkdir()
    (folder.path / "000000.jpg").write_bytes(b"a holiday of mine")
    folder.get(A)
    [(_, status, around)] = folder.table()
    assert status == "saved"
    assert (folder.path / "000000.jpg").read_bytes() == b"a holiday of mine"
    (folder.path / around).unlink()
    run("audit", folder.path, "--mark")
    folder.get(A)
    assert folder.table() == [(A, "saved", around)]
    assert files(folder.path) == {"000000.jpg", around}


# --- failed.jsonl


def test_the_failures_are_a_list(folder: Folder, tmp_path: Path):
    """The file is there while something has failed, keeps the user's own columns, and can be given as a list."""
    folder.get(A)
    assert not folder.failures.exists()
    own = tmp_path / "own.jsonl"
    lines = [{"url": folder.server.url(path), "label": "cat"} for path in ("/500-once.jpg", B)]
    own.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run("get", "-i", own, "-o", folder.path, "--allow-private", "--retries", 0).status == 4
    [failure] = [json.loads(line) for line in folder.failures.read_text().splitlines()]
    assert (failure["url"], failure["code"], failure["label"]) == (lines[0]["url"], "server-error", "cat")
    assert run("get", "-i", folder.failures, "-o", folder.path, "--allow-private").status == 0
    assert not folder.failures.exists()
    assert {row["columns"] for row in rows(folder.path)} == {None, '{"label": "cat"}'}
    assert folder.server.hits == {A: 1, B: 1, "/500-once.jpg": 2}
