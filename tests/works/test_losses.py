"""The index of seen URLs lost, cut short or damaged: it is made anew, and no row and no line is lost with it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader import OutputError, Report, download
from downloader.manifest import Manifest, Seen
from tests.doors.running import rows, saved
from tests.works.folder import Folder, committed, wait_until

A, B, C, D = (f"/images/{name}.jpg" for name in "abcd")
PARALLEL = pytest.mark.parametrize("engine", ["thread", "async", "curl"])

PAGE = 4096
MANY = 1200
"""Lines that fill several pages of the index."""


def bad_urls(number: int) -> list[str]:
    """Give lines that fail for good without any network."""
    return [f"ftp://127.0.0.1/{index}.jpg" for index in range(number)]


def leaves(path: Path) -> list[int]:
    """Give the offsets of the leaf pages of the index's tables that hold much (SQLite's file format, §1.6)."""
    data = path.read_bytes()
    pages = range(PAGE, len(data), PAGE)
    return [at for at in pages if data[at] == 0x0A and int.from_bytes(data[at + 3 : at + 5], "big") > 20]


def damage(path: Path, at: int) -> None:
    """Overwrite a page."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * PAGE)


@PARALLEL
def test_the_index_is_lost(folder: Folder, engine: str):
    """It is made anew from the rows: the same lines are known under the same indexes, new lines get new ones."""
    folder.get(A, B, A, engine=engine)
    before = folder.table()
    folder.lose_seen()
    again = folder.get(A, B, A, C, engine=engine)
    assert (again.saved, again.skipped, again.known) == (3, 1, 3)
    assert folder.table() == [*before, (C, "saved", "000003.jpg")]
    assert set(folder.server.hits.values()) == {1}


@PARALLEL
def test_the_index_is_lost_after_failures(folder: Folder, engine: str):
    """Rows of the run before do not pass for this run's: the failed line and its twin are asked again."""
    folder.get("/500-twice.jpg", "/500-twice.jpg", engine=engine)
    folder.lose_seen()
    assert folder.get("/500-twice.jpg", "/500-twice.jpg", engine=engine).failed == {"server-error": 2}
    folder.lose_seen()
    report = folder.get("/500-twice.jpg", "/500-twice.jpg", engine=engine)
    assert (report.saved, report.skipped) == (1, 1)
    assert [status for _, status, _ in folder.table()] == ["saved", "skipped"]
    assert folder.server.hits["/500-twice.jpg"] == 3


def test_killed_between_making_the_index_and_filling_it(folder: Folder):
    """An index that is there but empty is filled first: no new line takes the index of an old row."""
    folder.get(A, B)
    before = folder.table()
    folder.lose_seen()
    Seen(folder.own / "seen.sqlite").close()
    report = folder.get(C, D)
    assert (report.saved, report.known) == (2, 0)
    assert folder.table() == [*before, (C, "saved", "000002.jpg"), (D, "saved", "000003.jpg")]
    assert folder.get(A, B, C, D).known == 4


def test_the_number_of_a_run_is_never_used_twice(folder: Folder):
    """Also when the index was lost, a run counts on from the rows."""
    folder.get(A)
    folder.get(B)
    folder.lose_seen()
    folder.get(C)
    assert [row["run"] for row in rows(folder.path)] == [1, 2, 3]
    with Manifest(folder.path) as manifest:
        assert manifest.run == 4


def test_the_index_is_no_database(folder: Folder):
    """What is no database at all is made anew within the same run."""
    folder.get(A, B)
    (folder.own / "seen.sqlite").write_bytes(b"torn" * 1000)
    assert folder.get(A, B, C).known == 2


@PARALLEL
def test_the_index_is_damaged_within(folder: Folder, engine: str):
    """A damaged page ends a run with an OutputError at most once; then all rows are known under their indexes."""
    lines = bad_urls(MANY)
    folder.get_urls(*lines, engine="async")
    before = rows(folder.path)
    path = folder.own / "seen.sqlite"
    assert len(leaves(path)) > 3
    damage(path, leaves(path)[-1])
    report = at_most_one_error(folder, lines, engine)
    assert (report.failed, report.known, report.outcomes) == ({"bad-url": MANY}, MANY, ())
    assert rows(folder.path) == before


def at_most_one_error(folder: Folder, lines: list[str], engine: str) -> Report:
    """Run a list, and once more if that ended with an OutputError."""
    try:
        return folder.get_urls(*lines, engine=engine)
    except OutputError:
        return folder.get_urls(*lines, engine=engine)


@pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
def test_a_manifest_that_fails_in_the_middle(folder: Folder, engine: str):
    """Wherever an engine meets it, the error arrives as OutputError and alone; what came before is recorded."""

    def lines() -> Iterator[str]:
        yield folder.server.url(A)
        wait_until(lambda: committed(folder.path))
        database = sqlite3.connect(folder.own / "seen.sqlite", timeout=30)
        database.execute("DROP TABLE urls")
        database.close()
        yield folder.server.url(B)

    with pytest.raises(OutputError, match=r"seen\.sqlite"):
        download(lines(), folder.path, allow_private=True, engine=engine)
    assert [row["url"] for row in saved(folder.path)] == [folder.server.url(A)]
