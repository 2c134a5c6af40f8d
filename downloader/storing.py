"""The way out: images stored by a thread of its own, so that the engine goes on while the system writes.

Making a file takes the system longer than all that we do to an image, and Python lets others run meanwhile.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from downloader.engines.crew import start
from downloader.model import Failed, Fetched, Outcome, Skipped
from downloader.ports import BEAT, Sink

Results = Sequence[Fetched | Failed | Skipped]

MOST = 512
"""Results that may wait to be stored: enough that neither side waits for the other's next batch."""

MOST_BYTES = 32 << 20
"""Bytes of bodies that may wait; beyond, the engine is not asked for more."""


class Storing:
    """A sink whose work a thread does, in the order in which it comes. Used by the job's own thread alone."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._thread = threading.Thread(target=self._work, name="sink", daemon=True)
        self._change = threading.Condition()
        self._waiting: deque[Results] = deque()
        self._stored: list[Outcome] = []
        self._count = self._bytes = 0  # of results that are not stored yet
        self._closed = False  # said, not inferred: nothing more will come
        self._finished = False
        self._error: BaseException | None = None

    def store(self, stream: Iterable[Results]) -> Iterator[Sequence[Outcome]]:
        """Hand each batch over, and give what is in place by then.

        Raises what the stream or the sink raises, behind all that came before it.
        """
        start(self._thread)
        try:
            yield from self._pass_on(stream)
        except Exception:
            yield from self._rest()
            raise
        finally:
            self._leave()
        if self._error is not None:
            raise self._error

    def _pass_on(self, stream: Iterable[Results]) -> Iterator[Sequence[Outcome]]:
        for results in stream:
            yield self._hand_over(results)
            while self._full and not self._finished:
                yield self._await()
            if self._finished:  # it can only have failed
                break
        yield from self._rest()

    def _rest(self) -> Iterator[Sequence[Outcome]]:
        self._close()
        while not self._finished:
            yield self._await()
        yield self._take()

    def _leave(self) -> None:
        """Have the thread end, with what it is at if somebody cut us short."""
        self._waiting.clear()
        self._close()
        self._thread.join()

    @property
    def _full(self) -> bool:
        return self._count >= MOST or self._bytes >= MOST_BYTES

    def _hand_over(self, results: Results) -> Sequence[Outcome]:
        with self._change:
            if results:
                self._waiting.append(results)
                self._count += len(results)
                self._bytes += sum(map(_weight, results))
                self._change.notify()
            return self._take()

    def _await(self) -> Sequence[Outcome]:
        """Wait until something is stored, at most until the next beat."""
        with self._change:
            if not (self._stored or self._finished):
                self._change.wait(BEAT)
            return self._take()

    def _take(self) -> Sequence[Outcome]:
        stored, self._stored = self._stored, []
        return stored

    def _close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify()

    def _work(self) -> None:
        """Run in the thread: store what comes until there is nothing more."""
        try:
            for outcomes in self._sink.store(self._come()):
                with self._change:
                    self._stored += outcomes
                    self._change.notify()
        except BaseException as error:  # noqa: BLE001 - the worker's wall: raised again by store()
            self._error = error
        finally:
            with self._change:
                self._finished = True
                self._change.notify()

    def _come(self) -> Iterator[Results]:
        while True:
            with self._change:
                while not (self._waiting or self._closed):
                    self._change.wait()
                if not self._waiting:
                    return
                results = self._waiting.popleft()
            weight = sum(map(_weight, results))
            yield results
            with self._change:
                self._count -= len(results)
                self._bytes -= weight


def _weight(result: Fetched | Failed | Skipped) -> int:
    """Give the bytes of memory that a result holds until it is stored."""
    body = result.payload.body if isinstance(result, Fetched) else b""
    return len(body) if isinstance(body, bytes) else 0
