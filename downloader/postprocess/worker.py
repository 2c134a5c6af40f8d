"""What runs in a worker process: take a body, work on it, give the answer back, until the parent is gone.

Images are hostile until decoded, so the limits are the kernel's: they also hold when native code never comes back.
Memory is bounded by RLIMIT_AS (Linux), time by an alarm that nobody catches; the death of the parent is a signal too.
"""

import fcntl
import os
import pickle
import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process, reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from downloader.errors import DownloaderError, OutputError
from downloader.postprocess.shared import SLOT, Shared

OUT_OF_MEMORY = 77
"""Exit status of a worker whose memory was not enough; signals and Python itself use other ones."""

START_LIMIT = 60.0
"""Seconds in which a worker must be ready, imports and all."""

Handed: TypeAlias = tuple[int, int | Path]
"""From parent to worker: a slot, and the body's size or its file. Past ``SLOT`` bytes a descriptor follows."""

Said: TypeAlias = "Unready | int | bytes | None"
"""From worker to parent: why it cannot start; an answer's size in its body's slot; an answer too large; None: ready."""


@dataclass(frozen=True, slots=True)
class Unready:
    """A worker could not load its work."""

    reason: str


@dataclass(frozen=True, slots=True)
class Bug:
    """An answer: the work raised what it should not, and the traceback."""

    trace: str


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is started with: its work, pickled, and the limits in bytes and in seconds an image."""

    work: bytes
    memory: int
    timeout: float


def run(link: Connection, shared: Shared, orders: Orders) -> None:
    """Be a worker: one body at a time, in the order they were handed over."""
    _settle_in(orders.memory)
    try:
        work = pickle.loads(orders.work)  # noqa: S301 - from our own parent
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear why no worker can start
        link.send(Unready(f"{type(error).__name__}: {error}"))
        return
    signal.setitimer(signal.ITIMER_REAL, 0)
    link.send(None)
    for slot, fetch in _handed(link, shared):
        signal.setitimer(signal.ITIMER_REAL, orders.timeout)
        shared.begin()
        answer = _answer(work, fetch)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _give(link, shared, slot, answer)


def _settle_in(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent drains; it says when to stop
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # death, even where native code holds the interpreter
    signal.setitimer(signal.ITIMER_REAL, START_LIMIT)
    _die_with_parent()
    _silence()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    soft = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a hostile image must not fill the disk with dumps


def _die_with_parent() -> None:
    """Have the kernel send SIGIO, which nobody catches, when the parent's end of its pipe closes.

    Where SIGIO does not kill (macOS), the end of the hand-off does, after the image under way.
    """
    pipe = parent_process().sentinel  # type: ignore[union-attr]  # a worker has one
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _silence() -> None:
    """Keep the codecs' own warnings off the parent's output, which may be read by a program."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _handed(link: Connection, shared: Shared) -> Iterator[tuple[int, Callable[[], bytes]]]:
    """Give each slot, and how its body is fetched, until the parent is gone."""
    with suppress(EOFError, ConnectionResetError):
        while True:
            slot, body = link.recv()
            yield slot, _fetcher(link, shared, slot, body)


def _fetcher(link: Connection, shared: Shared, slot: int, body: int | Path) -> Callable[[], bytes]:
    if isinstance(body, Path):
        return lambda: read_body(body)
    if body <= SLOT:
        return lambda: shared.read(slot, body, bytes)
    return lambda: _read_descriptor(link)


def read_body(body: bytes | Path) -> bytes:
    """Give a body's bytes; raises OutputError when the disk does not give them back."""
    if isinstance(body, bytes):
        return body
    try:
        return body.read_bytes()
    except OSError as error:
        raise OutputError(f"cannot read {str(body)!r} again: {error.strerror or error}; check the disk") from error


def _read_descriptor(link: Connection) -> bytes:
    with open(reduction.recv_handle(link), "rb") as file:  # noqa: PTH123 - a descriptor
        file.seek(0)
        return file.read()


def _answer(work: Callable[[bytes], object], fetch: Callable[[], bytes]) -> bytes:
    """Work on one body; gives the pickled result, refusal or Bug."""
    try:
        try:
            answer = work(fetch())
        except DownloaderError as refusal:
            answer = refusal
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # what is left of the memory is in pieces: a fresh worker goes on
    except BaseException:  # noqa: BLE001 - the worker's wall: whatever it is, the parent must hear of it
        return pickle.dumps(Bug(traceback.format_exc()))


def _give(link: Connection, shared: Shared, slot: int, answer: bytes) -> None:
    if len(answer) > SLOT:
        link.send(answer)
        return
    shared.write(slot, answer)
    link.send(len(answer))
