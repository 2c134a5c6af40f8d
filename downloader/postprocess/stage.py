"""The stage between engine and sink: what was fetched goes to the pool, and what came of it goes on."""

import hashlib
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from downloader.errors import DownloaderError, Filtered, ProcessError
from downloader.model import Failed, Fetched, Notice, Payload, Skipped, Work
from downloader.ports import BEAT, Control, Emit
from downloader.postprocess.chain import Chain, Processed


class Workshop(Protocol):
    """Where bodies are worked on: ``Pool`` in processes, ``Threads`` in this one."""

    @property
    def room(self) -> int:
        """How many more bodies may be handed over now."""

    @property
    def under_way(self) -> int:
        """How many bodies have no result yet."""

    def submit(self, key: Hashable, body: bytes | Path) -> None:
        """Hand over a body; never blocks."""

    def done(self, timeout: float) -> Sequence[tuple[Hashable, tuple[Processed, str] | DownloaderError]]:
        """Give the results there are, waiting up to ``timeout`` seconds for the first."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker does with one body: the chain, and the digest of what is to be stored."""

    chain: Chain

    def __call__(self, data: bytes) -> tuple[Processed, str]:
        """Give what came of the body, and the sha256 of its new bytes; empty where they are the old ones."""
        processed = self.chain(data)
        return processed, hashlib.sha256(processed.body).hexdigest() if processed.body is not None else ""


class Stage:
    """Feeds the workshop and drains it, on the beat of the engine. Used by the job's own thread alone."""

    def __init__(self, workshop: Workshop, control: Control, emit: Emit) -> None:
        self._emit = emit
        self._workshop = workshop
        self._control = control
        self._waiting: deque[Fetched] = deque()  # for room
        self._in_work: dict[int, Fetched] = {}  # by index

    def run(self, stream: Iterable[Sequence[Fetched | Failed]]) -> Iterator[Sequence[Fetched | Failed | Skipped]]:
        """Give each batch's failures at once and its images when they are done, in whatever order that is."""
        for results in stream:
            self._waiting.extend(result for result in results if isinstance(result, Fetched))
            yield [*(result for result in results if isinstance(result, Failed)), *self._turn(0.0)]
            # The engine is not asked for more than the workshop takes: that is what keeps memory flat.
            while self._waiting and not self._control.leave_now:
                yield self._turn(BEAT)
        while self._workshop.under_way and not self._control.leave_now:
            yield self._turn(BEAT)
        self._name_those_left()

    def _name_those_left(self) -> None:
        if left := sorted([*self._in_work, *(fetched.task.index for fetched in self._waiting)]):
            names = ", ".join(f"image-{index}" for index in left[:8])
            more = f" and {len(left) - 8} more" if len(left) > 8 else ""
            self._emit(Notice(f"left behind before the work on them was done: {names}{more}"))

    def _turn(self, patience: float) -> Sequence[Fetched | Failed | Skipped]:
        """Hand over what there is room for, and take what is done."""
        self._hand_over()
        done = [self._settled(key, result) for key, result in self._workshop.done(patience)]
        self._hand_over()
        return done

    def _hand_over(self) -> None:
        while self._waiting and self._workshop.room:
            fetched = self._waiting.popleft()
            self._in_work[fetched.task.index] = fetched
            self._workshop.submit(fetched.task.index, fetched.payload.body)

    def _settled(self, key: Hashable, result: tuple[Processed, str] | DownloaderError) -> Fetched | Failed | Skipped:
        fetched = self._in_work.pop(key)  # type: ignore[call-overload]  # an index: we gave it
        if isinstance(result, tuple):
            return _worked_on(fetched, *result)
        _drop(fetched.payload)
        task, effort = fetched.task, fetched.effort
        if isinstance(result, Filtered):
            return Skipped(task, result.code, result.detail, effort=effort)
        if isinstance(result, ProcessError):
            return Failed(task, result.code, result.detail, effort, fetched.payload.image.http_status)
        raise result


def _worked_on(fetched: Fetched, processed: Processed, sha256: str) -> Fetched:
    source = fetched.payload.image
    work = Work(
        source_sha256=source.sha256,
        source_width=processed.source_width,
        source_height=processed.source_height,
        width=processed.width,
        height=processed.height,
        steps=processed.steps,
        fields=processed.fields,
    )
    image = replace(source, format=processed.format, work=work)
    body = fetched.payload.body
    if processed.body is not None:
        _drop(fetched.payload)
        body, image = processed.body, replace(image, size=len(processed.body), sha256=sha256)
    return replace(fetched, payload=replace(fetched.payload, image=image, body=body, extras=processed.extras))


def _drop(payload: Payload) -> None:
    """Remove the part of a body that is not stored as it came."""
    if isinstance(payload.body, Path):
        with suppress(OSError):  # swept by the next run
            payload.body.unlink()
