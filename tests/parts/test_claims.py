"""Whose name is whose: on disk, in the order in which names are asked for."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import BadUrl
from downloader.manifest.claims import Claims
from downloader.manifest.reservations import reservations
from downloader.model import NO_EFFORT, Fetched, Image, Notice, Payload, Saved, Task
from downloader.policy.address import normalise
from downloader.policy.disposition import file_name
from downloader.policy.naming import FileName, around, fold
from downloader.settings import Output
from downloader.sinks.folder import FolderSink
from tests.policy.test_naming import check_part

SAVED = [("a/Cat.jpg", "http://h.example/1", "00"), ("sha/ab.png", "http://h.example/2", "ab")]


def opened(path: Path, run: int = 1, saved: Sequence[tuple[str, str, str]] = ()) -> Claims:
    """Open claims of a run; ``saved`` is what the run before it has saved."""

    def since(last: int) -> Iterator[tuple[str, str, str]]:
        yield from saved if last < run - 1 else ()

    return Claims(path / "claims.sqlite", run, since)


def test_the_first_has_it(tmp_path: Path) -> None:
    """A name is its owner's from the first word on, through all runs; what folds alike is one name."""
    for run in (1, 2):
        claims = opened(tmp_path, run)
        assert claims.take("a/Grün", "one")
        assert not claims.take("A/gru\u0308N", "two")
        assert claims.take("a/Grün", "one")
        assert claims.take("b/Grün", "two")
        claims.close()


def test_names_are_reserved_in_order(tmp_path: Path) -> None:
    """Each gets its own or the one around it, and hears whether that was free; the next time it is not."""
    claims = opened(tmp_path)
    wanted = [(FileName("cat"), "u1"), (FileName("Cat"), "u2"), (FileName("dog"), "u3"), (FileName("cat"), "u1")]
    names = ["cat", around(FileName("Cat"), "u2"), "dog", "cat"]
    assert claims.reserve(wanted) == list(zip(names, [True, True, True, False], strict=True))
    assert claims.reserve(wanted) == [(name, False) for name in names]
    claims.close()


def test_what_was_saved_before_is_claimed(tmp_path: Path) -> None:
    """By its URL, or by its sha256 where that is its name; each run is caught up with once."""
    claims = opened(tmp_path, 5, SAVED)
    assert not claims.take("a/cat", "http://h.example/9")
    assert claims.take("a/cat", "http://h.example/1")
    assert claims.take("sha/ab", "ab")
    assert not claims.take("sha/ab", "http://h.example/2")
    claims.close()
    again = opened(tmp_path, 5, [("late.jpg", "http://h.example/3", "03")])
    assert again.take("late", "http://h.example/4")
    again.close()


def test_nothing_is_opened_before_it_is_asked_for(tmp_path: Path) -> None:
    """A folder whose names are unique gets no file."""
    opened(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_column_is_told_once(tmp_path: Path) -> None:
    """For a template that needs no claims too."""
    told: list[Any] = []
    claims = opened(tmp_path)
    reserve = reservations(Output(name="{index}-{caption}-{label}"), claims, tmp_path, told.append)
    for _ in range(2):
        tasks = [Task(index, "http://h.example/", columns={"label": "x"}) for index in range(3)]
        assert list(reserve(tasks)) == tasks
    assert told == [Notice("index 0 has no column 'caption': there its name goes without")]
    assert list(tmp_path.iterdir()) == []


PARTS = st.sampled_from(
    [*"aAäÄ", "a\u0308", "%C3%84", ".", "..", "a.thumb", "a.jpg", "x²", "x2", "con", "/", "-" * 250]
)
TEXTS = st.lists(st.one_of(PARTS, st.characters(max_codepoint=0x2FFF)), max_size=5).map("".join)
LINES = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["jpeg", "png", "webp"])), min_size=2, max_size=30)
TEMPLATES = st.sampled_from(
    ["{stem}", "{original}", "{caption}", "{host}/{stem}", "{stem}{index}", "{sha256:.1}{stem}"]
)


@given(LINES, TEMPLATES, st.sampled_from([None, "caption"]), st.integers(1, 9))
def test_no_two_names_collide(lines: Any, template: str, name_col: str | None, step: int) -> None:
    """Whatever URLs, headers and cells bring: each image has files of its own, and no two names fold alike."""
    with tempfile.TemporaryDirectory() as home:
        folder, parts = Path(home, "out"), Path(home, "parts")
        folder.mkdir()
        parts.mkdir()
        claims = opened(Path(home))
        settings = Output(name=template, name_col=name_col)
        reserve = reservations(settings, claims, folder, lambda _: None)
        sink = FolderSink(folder, parts, settings, claims)
        tasks = list(_tasks(lines))
        paths = []
        for start in range(0, len(tasks), step):
            batch = [_fetched(task, *lines[task.index][1:]) for task in reserve(tasks[start : start + step])]
            [outcomes] = sink.store([batch[::-1]])
            paths += [outcome.path for outcome in outcomes if isinstance(outcome, Saved)]
        claims.close()
        assert len({fold(path.rpartition(".")[0]) for path in paths}) == len(paths) == len(tasks)
        for path in paths:
            for part in path.split("/"):
                check_part(part, 255 - len(".part"))
        assert sum(each.is_file() for each in folder.rglob("*")) == 2 * len(tasks)


def _tasks(lines: Any) -> Iterator[Task]:
    for index, (path, text, _) in enumerate(lines):
        with suppress(BadUrl):
            yield Task(index, normalise(f"http://h.example/{index}/{path}"), columns={"caption": text})


def _fetched(task: Task, text: str, format_: str) -> Fetched:
    image = Image(4, f"{task.index:064x}", format_, task.url)
    extras = {".thumb.webp": b"%d" % task.index}
    return Fetched(task, Payload(image, b"data", extras, file_name([f'x; filename="{text}"'])), NO_EFFORT)
