"""Small pictures of what was fetched, made where hostile images can do no harm: in a worker with limits."""

import asyncio
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from downloader.engines.crew import start
from downloader.errors import DownloaderError, OutputError
from downloader.policy.naming import BESIDE
from downloader.postprocess.picture import Picture
from downloader.postprocess.pool import Pool, PoolLimits
from downloader.postprocess.thumbnail import Thumbnail
from downloader.settings import FilterRules

SIDE = 256
"""Pixels of the longer side."""

LIMITS = PoolLimits(workers=1, memory=1 << 30, timeout=10.0)

WAITING = 256
"""Pictures that wait at most: a page of the gallery asks for some dozens at once."""


@dataclass(frozen=True, slots=True)
class Shrink:
    """What the worker does: bytes of an image in, those of its thumbnail (WebP) out."""

    rules: FilterRules

    def __call__(self, data: bytes) -> bytes:
        """Raise Filtered for more pixels than the rules allow, ProcessError for what cannot be decoded."""
        picture, step = Picture(data, self.rules), Thumbnail(SIDE)
        if size := step.needs(picture.header):
            picture.need(size)
        step(picture)
        return picture.extras[BESIDE["thumbnail"]]


class Crowded(DownloaderError):
    """More pictures wait than are worth waiting for."""


class Thumbnails:
    """Owns the worker, by a thread of its own that starts with the first picture."""

    def __init__(self, max_pixels: int) -> None:
        self._work = Shrink(FilterRules(max_pixels=max_pixels))
        self._waiting: queue.Queue[tuple[Path, asyncio.Future[bytes]]] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._stopped = False

    async def make(self, image: Path) -> bytes:
        """Give the thumbnail of an image; raises Filtered, ProcessError, OutputError and Crowded."""
        made: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((image, made))
        except queue.Full:
            raise Crowded("too many thumbnails are asked for at once: try again in a moment") from None
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
            start(self._thread)
        return await made

    def close(self) -> None:
        """End the worker."""
        self._stopped = True
        if self._thread:
            self._thread.join(2.0)

    def _run(self) -> None:
        asked: dict[object, asyncio.Future[bytes]] = {}
        try:
            with Pool(self._work, LIMITS) as pool:
                while not self._stopped:
                    self._hand_over(pool, asked)
                    for key, result in pool.done(0.25):
                        _settle(asked.pop(key), result)
        except OutputError as error:  # no worker can be had: those who wait hear of it, and the next try starts anew
            with suppress(queue.Empty):
                while True:
                    _, made = self._waiting.get_nowait()
                    asked[id(made)] = made
            for made in asked.values():
                _settle(made, error)

    def _hand_over(self, pool: Pool[bytes], asked: dict[object, "asyncio.Future[bytes]"]) -> None:
        with suppress(queue.Empty):
            while pool.room:
                image, made = self._waiting.get(timeout=0 if pool.under_way else 0.25)
                asked[id(made)] = made
                pool.submit(id(made), image)


def _settle(made: "asyncio.Future[bytes]", result: bytes | DownloaderError) -> None:
    def settle() -> None:
        if made.done():
            return  # whoever asked has gone
        if isinstance(result, DownloaderError):
            made.set_exception(result)
        else:
            made.set_result(result)

    with suppress(RuntimeError):  # the loop is closed
        made.get_loop().call_soon_threadsafe(settle)
