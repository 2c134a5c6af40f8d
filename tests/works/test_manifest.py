"""The ledger: committed before anybody hears of it, one writer, every fact in its column, readable at any time."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from downloader import OutputError, UsageError
from downloader.manifest import Manifest, Seen, Sight
from downloader.manifest.ledger import COMMIT_ROWS
from downloader.model import Effort, Failed, Image, Outcome, Saved, Skipped, Task, Work
from tests.doors.running import rows
from tests.works.folder import committed


def url(index: int) -> str:
    """Give the URL of an index."""
    return f"http://host/{index}.jpg"


def failed(index: int) -> Failed:
    """Make an outcome."""
    return Failed(Task(index, url(index), "host:80"), "not-found", "HTTP 404", Effort(1, 0.5, 1.0, 2.0), 404)


# --- commits


def test_a_beat_commits(tmp_path: Path):
    """What is pending is committed within moments on empty batches alone, and handed on then, not before."""

    def stream() -> Iterator[Sequence[Outcome]]:
        yield [failed(0)]
        give_up = time.monotonic() + 20
        while not committed(tmp_path):
            assert time.monotonic() < give_up, "no commit without a new outcome"
            yield ()
            time.sleep(0.05)

    with Manifest(tmp_path) as manifest:
        told = []
        for outcomes in manifest.record(stream()):
            assert {outcome.task.url for outcome in outcomes} <= committed(tmp_path)
            told += outcomes
    assert told == [failed(0)]


def test_many_outcomes_are_committed_at_once(tmp_path: Path):
    """A thousand do not wait for the time to come."""
    with Manifest(tmp_path) as manifest:
        told = next(manifest.record(iter([[failed(index) for index in range(COMMIT_ROWS)], ()])))
        assert len(told) == len(committed(tmp_path)) == COMMIT_ROWS


def test_the_end_of_the_stream_commits(tmp_path: Path):
    """The last outcomes are handed on with the last batch."""
    with Manifest(tmp_path) as manifest:
        batches = list(manifest.record(iter([[failed(0)], [failed(1)]])))
        assert [outcome for batch in batches for outcome in batch] == [failed(0), failed(1)]
        assert committed(tmp_path) == {url(0), url(1)}


def test_a_stream_that_breaks(tmp_path: Path):
    """What came before the error is committed and handed on first; then the error is raised."""

    def stream() -> Iterator[Sequence[Outcome]]:
        yield [failed(0)]
        raise OutputError("the disk is full")

    told: list[Outcome] = []
    with Manifest(tmp_path) as manifest:
        recorded = manifest.record(stream())
        with pytest.raises(OutputError, match="the disk is full"):
            told.extend(outcome for outcomes in recorded for outcome in outcomes)
    assert told == [failed(0)]
    assert committed(tmp_path) == {url(0)}


def test_leaving_commits(tmp_path: Path):
    """What was pending when a job is left is committed by closing."""
    with Manifest(tmp_path) as manifest:
        stream = manifest.record(iter([[failed(0)], [failed(1)]]))
        next(stream)
        stream.close()
    assert committed(tmp_path) == {url(0)}


def test_an_outcome_replaces_the_row_of_its_index(tmp_path: Path):
    """A later run's outcome stands in the place of the earlier one, under the number of its run."""
    task = Task(0, url(0), "host:80")
    for outcome in (failed(0), Skipped(task, "duplicate", "the same", "a.jpg")):
        with Manifest(tmp_path) as manifest:
            manifest.seen.enter([url(0)])
            manifest.add(outcome)
    [row] = rows(tmp_path)
    assert (row["status"], row["code"], row["path"], row["run"]) == ("skipped", "duplicate", "a.jpg", 2)
    assert (row["attempts"], row["http_status"]) == (0, None)


# --- rows


def test_every_fact_has_its_column(tmp_path: Path):
    """Nothing that is known of an image is lost on the way to its row."""
    task = Task(7, url(7), "host:80", "list:8", {"label": "größe"})
    work = Work("cd" * 32, 40, 30, 8, 6, ("decode", "resize"), {"dhash": "00"})
    image = Image(5, "ab" * 32, "jpeg", "http://host/final.jpg", 200, '"one"', "Tue", work)
    with Manifest(tmp_path) as manifest:
        manifest.add(Saved(task, "a/b.jpg", image, Effort(3, 1.25, 10.0, 20.0)))
        manifest.add(failed(8))
    saved, missed = rows(tmp_path)
    assert saved == {
        "index": 7, "url": url(7), "final_url": "http://host/final.jpg", "path": "a/b.jpg", "status": "saved",
        "code": None, "detail": None, "http_status": 200, "bytes": 5, "sha256": "ab" * 32, "format": "jpeg",
        "etag": '"one"', "last_modified": "Tue", "attempts": 3, "seconds": 1.25, "first_time": 10.0, "last_time": 20.0,
        "place": "list:8", "columns": '{"label": "größe"}', "run": 1, "source_sha256": "cd" * 32, "source_width": 40,
        "source_height": 30, "width": 8, "height": 6, "steps": "decode,resize", "fields": '{"dhash": "00"}',
    }  # fmt: skip
    facts = {"status": "failed", "code": "not-found", "detail": "HTTP 404", "http_status": 404, "attempts": 1}
    assert {name: missed[name] for name in facts} == facts
    assert missed["path"] is missed["bytes"] is missed["columns"] is None


def test_rows_are_found_by_their_indexes(tmp_path: Path):
    """Any number of indexes can be asked for at once; those without a row are not in the answer."""
    with Manifest(tmp_path) as manifest:
        list(manifest.record(iter([[failed(index) for index in range(10)]])))
        found = manifest.find(range(5, 50_000))
    assert sorted(found) == [5, 6, 7, 8, 9]
    assert (found[5].url, found[5].code, found[5].run) == (url(5), "not-found", manifest.run)


# --- the folder


def test_one_writer(tmp_path: Path):
    """A second one is refused as long as the first is at work, and changes nothing."""
    with Manifest(tmp_path) as manifest:
        manifest.add(failed(0))
        with pytest.raises(UsageError, match="another run is at work"):
            Manifest(tmp_path)
    with Manifest(tmp_path) as manifest:
        assert len(manifest.find([0])) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    """An OutputError names it."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"tmp.*file"):
        Manifest(tmp_path / "file" / "images")


def test_a_manifest_that_is_none(tmp_path: Path):
    """A file that is no database is not overwritten: an OutputError names it, and the folder is free again."""
    path = tmp_path / ".downloader" / "manifest.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"something of the user's" * 100)
    with pytest.raises(OutputError, match=r"manifest\.sqlite") as first:
        Manifest(tmp_path)
    with pytest.raises(OutputError, match=r"manifest\.sqlite"):  # and no lock is held by what failed before
        Manifest(tmp_path)
    assert first.value.exit_status == 6
    assert path.read_bytes() == b"something of the user's" * 100


# --- seen


def test_an_index_for_each_line(tmp_path: Path):
    """A URL keeps the index of its first sight; the same again is a twin with an index of its own, in every run."""
    seen = Seen(tmp_path / "seen.sqlite")
    assert seen.enter(["a", "b", "a"]) == [Sight(0), Sight(1), Sight(2, first=0)]
    assert seen.enter(["a", "c"]) == [Sight(3, first=0), Sight(4)]
    seen.close()
    seen = Seen(tmp_path / "seen.sqlite")
    assert seen.run == 2
    assert seen.enter(["c", "a", "a", "d"]) == [Sight(4), Sight(0), Sight(2, first=0), Sight(5)]
    seen.close()


def test_more_lines_than_a_statement_takes(tmp_path: Path):
    """Thousands of lines can be entered at once, half of them twins."""
    seen = Seen(tmp_path / "seen.sqlite")
    urls = [url(index) for index in range(3000)]
    assert [sight.index for sight in seen.enter(urls)] == list(range(3000))
    assert [sight.first for sight in seen.enter(urls)] == list(range(3000))
    seen.close()
