"""Lesson 7: decoding JPEGs. The work is done in C, which lets go of the GIL: here threads do help."""

import io
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from downloader.errors import UsageError
from downloader.lessons.notebook import Notebook, cores, describe_machine, gil_is_on
from downloader.lessons.timeline import Timeline

SIDE = 1600
"""Pixels along each side of the picture: tens of milliseconds of work, so that threads meet while decoding."""


def lesson(book: Notebook, n: int = 24) -> None:
    """Decode a picture ``n`` times in one thread and in two, and measure what Python code makes of the same threads.

    Raises UsageError where Pillow is not installed.
    """
    image = pillow()
    photograph = painted(image)
    book.head(f"Decoding {n} JPEGs of {SIDE}x{SIDE}, {len(photograph) >> 10} KiB each ({describe_machine()})")
    sizes: list[tuple[int, int]] = []

    def decode() -> None:
        with image.open(io.BytesIO(photograph)) as picture:
            picture.load()  # open() reads the head alone: load() decodes the pixels
            sizes.append(picture.size)

    one, _ = measure(book, "one thread", [n], decode)
    two, together = measure(book, "two threads", [n // 2, n - n // 2], decode)
    book.write()
    book.claim(f"all {2 * n} pictures were decoded to their full size", holds=sizes == [(SIDE, SIDE)] * 2 * n)
    book.write(f"  one thread / two threads = {one / two:.2f}; the two used {together:.2f} processors")
    judge(book, one / two)


def pillow() -> Any:
    """Give Pillow's Image module; raises UsageError where it is missing."""
    try:
        from PIL import Image
    except ImportError as error:
        raise UsageError("lesson 'cpu-in-c' needs Pillow: pip install 'parallel-image-downloader[process]'") from error
    return Image


def painted(image: Any) -> bytes:
    """Give a JPEG whose pixels are seeded noise, smoothed: it costs its decoder about what a photograph does."""
    small = image.frombytes("RGB", (SIDE // 4, SIDE // 4), random.Random(1).randbytes(3 * (SIDE // 4) ** 2))
    out = io.BytesIO()
    small.resize((SIDE, SIDE), image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


def measure(book: Notebook, way: str, shares: Sequence[int], decode: Callable[[], None]) -> tuple[float, float]:
    """Run a thread for each share of the pictures; give the seconds, and the processor seconds in each of them."""
    timeline = Timeline()

    def work(share: int) -> None:
        for _ in range(share):
            with timeline.span(threading.current_thread().name):
                decode()

    threads = [threading.Thread(target=work, args=(share,), name=f"decoder-{n}") for n, share in enumerate(shares)]
    began, cpu = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    book.head(f"{way}: {seconds:.2f} s")
    book.draw(timeline)
    return seconds, cpu / seconds


def judge(book: Notebook, gain: float) -> None:
    """Say whether threads helped, and what else may explain the number."""
    if cores() == 1:
        book.write("  one core: two threads cannot decode at the same time here")
        return
    gil = "though this interpreter has a GIL" if gil_is_on() else "as anything would here: there is no GIL"
    book.expect(
        f"two threads are faster, {gil}",
        holds=gain > 1.25,
        otherwise="so few pictures that starting threads counts, or the machine is busy; try a larger --n",
    )
