"""The pool's stand-in without processes: the same work in threads of this process.

There is no limit of memory or time, and a decoder that crashes takes the job with it. It serves where processes are
not to be had, or where the list is so short that starting them costs more than they bring.
"""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from downloader.errors import DecoderMemory, DownloaderError, OutputError
from downloader.postprocess.ahead import Ahead
from downloader.postprocess.worker import read_body

T = TypeVar("T")


class Threads(Generic[T]):
    """Works on bodies in ``count`` threads; a context manager, used by one thread alone, as ``Pool`` is."""

    def __init__(self, work: Callable[[bytes], T], count: int) -> None:
        self._work = work
        self._ahead = Ahead(count)
        self._executor = ThreadPoolExecutor(count, "post-process")
        self._keys: dict[Future[T | DownloaderError], tuple[Hashable, bytes | Path]] = {}

    def __enter__(self) -> "Threads[T]":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def room(self) -> int:
        """How many more bodies may be handed over now."""
        return self._ahead.room

    @property
    def under_way(self) -> int:
        """How many bodies have no result yet."""
        return self._ahead.count

    def submit(self, key: Hashable, body: bytes | Path) -> None:
        """Hand over a body; never blocks."""
        self._ahead.add(body)
        self._keys[self._executor.submit(self._attempt, body)] = key, body

    def done(self, timeout: float) -> Sequence[tuple[Hashable, T | DownloaderError]]:
        """Give the results there are, as ``Pool.done`` does."""
        return [self._settled(future) for future in wait(self._keys, timeout, FIRST_COMPLETED).done]

    def close(self) -> None:
        """Start nothing more; what runs in a thread cannot be stopped and ends by itself, unheard."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _attempt(self, body: bytes | Path) -> T | DownloaderError:
        try:
            return self._work(read_body(body))
        except OutputError:
            raise
        except DownloaderError as refusal:
            return refusal
        except MemoryError:
            return DecoderMemory("the machine had no more memory")

    def _settled(self, future: Future[T | DownloaderError]) -> tuple[Hashable, T | DownloaderError]:
        key, body = self._keys.pop(future)
        self._ahead.drop(body)
        return key, future.result()
