"""Storing in a thread of its own: what goes in comes out in order, whatever ends it, and no more waits than may."""

import threading
from collections.abc import Iterable, Iterator, Sequence

import pytest

from downloader.errors import OutputError
from downloader.model import NO_EFFORT, Failed, Fetched, Image, Outcome, Payload, Saved, Task
from downloader.storing import MOST, MOST_BYTES, Storing


def fetched(index: int, body: bytes = b"x") -> Fetched:
    """Give an image that came."""
    image = Image(size=len(body), sha256="", format="jpeg", final_url="")
    return Fetched(Task(index, f"http://a.test/{index}"), Payload(image, body), NO_EFFORT)


class Sink:
    """Keeps what it is given, slowly where a gate is closed, and breaks where it is told to."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.stored: list[int] = []
        self.threads: set[str] = set()
        self._breaks_at = breaks_at

    def store(self, stream: Iterable[Sequence[object]]) -> Iterator[Sequence[Outcome]]:
        for results in stream:
            outcomes: list[Outcome] = []
            for result in results:
                assert self.gate.wait(20)
                self.threads.add(threading.current_thread().name)
                if isinstance(result, Fetched) and result.task.index == self._breaks_at:
                    yield outcomes
                    raise OutputError("the disk is full")
                outcomes.append(self._kept(result))
            yield outcomes

    def _kept(self, result: object) -> Outcome:
        if isinstance(result, Fetched):
            self.stored.append(result.task.index)
            return Saved(result.task, f"{result.task.index}.jpg", result.payload.image, result.effort)
        assert isinstance(result, Failed)
        return result


def indexes(outcomes: Iterable[Sequence[Outcome]]) -> list[int]:
    """Give whose outcomes came, in their order."""
    return [outcome.task.index for batch in outcomes for outcome in batch]


def told_before(error: type[Exception], storing: Iterable[Sequence[Outcome]]) -> list[int]:
    """Give whose outcomes came before an error, which must come."""
    out: list[int] = []
    try:
        for batch in storing:
            out += indexes([batch])
    except error:
        return out
    raise AssertionError(f"no {error.__name__} came")


def sink_threads() -> list[str]:
    """Give the sinks' threads that are at work."""
    return [thread.name for thread in threading.enumerate() if thread.name == "sink"]


def test_all_comes_out_in_order():
    """Failures among the images too, all of it stored by the one thread, which is gone at the end."""
    batches = [
        [fetched(n) if n % 3 else Failed(fetched(n).task, "dns", "") for n in range(at, at + 7)]
        for at in range(0, 700, 7)
    ]
    sink = Sink()
    assert indexes(Storing(sink).store([*batches, []])) == list(range(700))
    assert sink.stored == [n for n in range(700) if n % 3]
    assert sink.threads == {"sink"}
    assert not sink_threads()


def test_a_full_disk_ends_it_behind_what_is_in_place():
    """The rest of the stream is not asked for."""
    asked = []

    def stream() -> Iterator[Sequence[Fetched]]:
        for n in range(100_000):
            asked.append(n)
            yield [fetched(n)]

    out = told_before(OutputError, Storing(Sink(breaks_at=50)).store(stream()))
    assert out == list(range(50))
    assert len(asked) < 50 + MOST + 2
    assert not sink_threads()


def test_what_came_before_an_error_of_the_engine_is_stored_and_told():
    """However slow the disk is just then."""
    sink = Sink()
    sink.gate.clear()

    def stream() -> Iterator[Sequence[Fetched]]:
        yield [fetched(0), fetched(1)]
        yield [fetched(2)]
        sink.gate.set()
        raise ZeroDivisionError

    assert told_before(ZeroDivisionError, Storing(sink).store(stream())) == [0, 1, 2]


@pytest.mark.parametrize(("size", "most"), [(1, MOST), (MOST_BYTES // 8, 8)])
def test_a_slow_disk_stops_the_engine(size: int, most: int):
    """Neither results nor their bytes pile up; beats go on meanwhile."""
    sink, asked = Sink(), []
    sink.gate.clear()
    body = bytes(size)

    def stream() -> Iterator[Sequence[Fetched]]:
        for n in range(2 * MOST):
            asked.append(n)
            yield [fetched(n, body)]

    storing = Storing(sink).store(stream())
    beats = 0
    while beats < 3:
        assert not next(storing)
        beats += len(asked) >= most
    assert len(asked) == most
    sink.gate.set()
    assert indexes(storing) == list(range(2 * MOST))


def test_whoever_stops_listening_leaves_no_thread():
    """What waits is not stored any more."""
    sink = Sink()
    storing = Storing(sink).store([fetched(n)] for n in range(10_000))
    next(storing)
    storing.close()  # type: ignore[attr-defined]
    assert not sink_threads()
    assert len(sink.stored) < MOST + 2
