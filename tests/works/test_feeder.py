"""The way in: slow sources, endless ones, and those that break, under every engine."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from downloader import InputError, download
from downloader.feeder import AHEAD, Feeder, Unfinished
from downloader.job import Job, ask_transient, run_job
from downloader.manifest import Manifest, Row
from downloader.model import Committed, Event, Line, Task
from downloader.ports import Control
from downloader.settings import Settings
from tests.doors.running import files, finish, getting, saved, start
from tests.support.hostile import HostileServer
from tests.works.folder import Folder, committed, wait_until

ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])

A, B = "/images/a.jpg", "/images/b.jpg"


class Typed:
    """A source that is read like a terminal: past its end it could be read again, and would go on."""

    def __init__(self, *urls: str) -> None:
        self._urls = iter(urls)
        self.ends = 0

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        url = next(self._urls, None)
        if url is not None:
            return Line(url)
        self.ends += 1
        if self.ends > 1:
            return Line("http://host/after-the-end.jpg")
        raise StopIteration


class Breaking:
    """A source that gives lines and then raises."""

    def __init__(self, error: Exception, *urls: str) -> None:
        self._error = error
        self._urls = urls

    def __iter__(self) -> Iterator[Line]:
        yield from map(Line, self._urls)
        raise self._error


def counted(number: int | None) -> Iterator[Line]:
    """Give lines, without end for None."""
    index = 0
    while index != number:
        yield Line(f"http://host/{index}.jpg")
        index += 1


def drained(feeder: Feeder) -> list[str]:
    """Take all lines, two at a time, until the feeder says that it has ended."""
    taken: list[str] = []
    give_up = time.monotonic() + 20
    while not feeder.ended:
        assert time.monotonic() < give_up
        taken += [line.url for line in feeder.take(2)]
    return taken


# --- the feeder alone


def test_lines_come_in_order_and_the_end_is_remembered():
    """The source is asked for its end once; from then on the feeder says so however often it is asked."""
    source = Typed("a", "b", "c")
    with Feeder(source, Control()) as feeder:
        assert drained(feeder) == ["a", "b", "c"]
        for _ in range(3):
            assert feeder.take(10) == []
            assert feeder.ended
            assert not feeder.waiting
            feeder.check()
    assert source.ends == 1


def test_an_empty_source_ends():
    """A source without lines ends without ever having had one."""
    with Feeder(iter(()), Control()) as feeder:
        wait_until(lambda: feeder.ended)
        assert feeder.take(1) == []


def test_an_endless_source_is_read_a_little_ahead():
    """No more lines are held than AHEAD, and reading goes on when some are taken."""
    given: list[int] = []
    source = (given.append(number) or line for number, line in enumerate(counted(None)))
    with Feeder(source, Control()) as feeder:
        wait_until(lambda: len(given) > AHEAD)
        assert not feeder.ended
        assert len(feeder.take(AHEAD * 2)) == AHEAD
        wait_until(lambda: len(given) > AHEAD + 1)
        assert len(given) <= 2 * AHEAD + 1


def test_the_engine_is_woken():
    """The first line, and the end, wake whoever sleeps; nobody has to look in turn."""
    go, woken = threading.Event(), threading.Semaphore(0)

    def source() -> Iterator[Line]:
        go.wait(20)
        yield Line("a")

    control = Control()
    control.on_change(woken.release)
    with Feeder(source(), control) as feeder:
        assert not woken.acquire(blocking=False)
        go.set()
        assert woken.acquire(timeout=20)
        assert woken.acquire(timeout=20)
        wait_until(lambda: feeder.waiting)
        assert [line.url for line in feeder.take(5)] == ["a"]
        assert feeder.ended


def test_a_source_that_blocks_holds_nobody_up():
    """Leaving does not wait for a read that never returns."""
    never = threading.Event()
    feeder = Feeder(iter(lambda: never.wait(60), True), Control())
    with feeder:
        assert not feeder.waiting
    assert not feeder.ended
    never.set()
    wait_until(lambda: feeder.ended)


def test_a_source_that_breaks_gives_its_lines_first():
    """The error waits until it is asked for, behind the lines that came before it."""
    with Feeder(Breaking(InputError("torn"), "a", "b"), Control()) as feeder:
        assert drained(feeder) == ["a", "b"]
        with pytest.raises(InputError, match="torn"):
            feeder.check()


def test_what_is_unfinished(tmp_path: Path):
    """A pull gives tasks with their indexes, hosts, places and columns; twins and what is known are no tasks."""
    known: list[Row] = []
    lines = [Line("HTTP://Host/a.jpg", "list:1", {"label": "cat"}), Line("http://host:80/a.jpg", "list:2"), Line("no")]
    with Manifest(tmp_path) as manifest, Feeder(lines, Control()) as feeder:
        supply = Unfinished(feeder, manifest, ask_transient, known.append)
        wait_until(lambda: supply.waiting)
        tasks: list[Task] = []
        while not supply.ended:
            tasks += [ticket.task for ticket in supply.pull(10, 0.0)]
        first, second = tasks
        assert (first.index, first.url, first.host, first.place) == (0, "http://host/a.jpg", "host:80", "list:1")
        assert (first.columns, second.index, second.url) == ({"label": "cat"}, 2, "no")
        assert (supply.lines, supply.waiting, supply.pull(10, 0.0), known) == (3, False, [], [])


# --- whole jobs


@pytest.mark.parametrize(
    ("engine", "error"),
    [
        ("thread", InputError("torn")),
        ("async", InputError("torn")),
        ("sequential", InputError("torn")),
        ("thread", ValueError("a bug of the source")),
    ],
)
def test_a_source_that_breaks_in_the_middle(folder: Folder, engine: str, error: Exception):
    """What came before is done and recorded, also what was still waiting for a retry; then its error is raised."""
    urls = map(folder.server.url, (A, "/500-once.jpg", "/slow.jpg", "/404.jpg"))
    settings = Settings.of(output=str(folder.path), allow_private=True, engine=engine, backoff="10ms:20ms")
    told: list[str] = []

    def tell(event: Event) -> None:
        told.extend(outcome.status for outcome in (event.outcomes if isinstance(event, Committed) else ()))

    with pytest.raises(type(error)) as caught:
        run_job(Job(Breaking(error, *urls), settings), observers=[tell])
    assert caught.value is error
    assert sorted(status for _, status, _ in folder.table()) == sorted(told) == ["failed", "saved", "saved", "saved"]
    assert len(folder.failures.read_text().splitlines()) == 1
    assert folder.get(A, "/500-once.jpg", "/slow.jpg", "/404.jpg").known == 4


@ALL
def test_a_source_that_breaks_at_once(folder: Folder, engine: str):
    """Its own error is raised, not one about an empty list."""
    settings = Settings.of(output=str(folder.path), engine=engine)
    with pytest.raises(InputError, match="torn"):
        run_job(Job(Breaking(InputError("torn")), settings))


@ALL
def test_lines_that_come_one_by_one(folder: Folder, engine: str):
    """Each is saved and recorded before the next is given, and all are twins of nothing."""

    def urls() -> Iterator[str]:
        for number, path in enumerate((A, B), start=1):
            yield folder.server.url(path)
            wait_until(lambda count=number: len(committed(folder.path)) == count)

    report = download(urls(), folder.path, allow_private=True, engine=engine)
    assert (report.saved, report.lines) == (2, 2)


@ALL
def test_a_slow_stdin(hostile: HostileServer, tmp_path: Path, engine: str):
    """The first image is saved and recorded before the second line is written; the end of stdin ends the job."""
    folder = tmp_path / "images"
    process = start(*getting(Path("-"), folder, "--engine", engine))
    for number, path in enumerate((A, B), start=1):
        process.stdin.write(f"{hostile.url(path)}\n")
        process.stdin.flush()
        wait_until(lambda count=number: len(committed(folder)) == count)
        assert process.poll() is None
    ran = finish(process)
    assert (ran.status, ran.summary["saved"]) == (0, 2), ran.err
    assert {row["path"] for row in saved(folder)} == files(folder)


@ALL
def test_outcomes_are_committed_while_others_run(folder: Folder, engine: str):
    """A row is there within moments although nothing else ends: the next image waits for the test."""
    first: Callable[[], bool] = lambda: bool(committed(folder.path))  # noqa: E731
    urls = [folder.server.url(A), folder.server.url("/gated.jpg")]
    failures: list[BaseException] = []

    def open_gate() -> None:
        try:
            wait_until(first)
        except BaseException as error:
            failures.append(error)
        folder.server.gate.set()

    watch = threading.Thread(target=open_gate)
    watch.start()
    report = download(urls, folder.path, allow_private=True, engine=engine, jobs=2)
    watch.join()
    assert not failures
    assert report.saved == 2
