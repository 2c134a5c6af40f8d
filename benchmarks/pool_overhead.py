"""What the processes cost: two workers against two threads of this process, at work that lets go of the interpreter.

    python benchmarks/pool_overhead.py [--rounds 7] [--images 300]

Both take the same bodies of about 355 KB in turn, round after round; each is warm before its clock starts. Prints the
median seconds of each and the ratio of medians for three works: ``decode`` (a JPEG decoded, made small and encoded
again; needs Pillow), ``zlib`` (about as long), and ``sha256`` (so short that the hand-over shows).
"""

import argparse
import hashlib
import io
import os
import statistics
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from downloader.postprocess.pool import Pool, PoolLimits
from downloader.postprocess.threads import Threads

SIZE = 355_000
WORKERS = 2


def decode(body: bytes) -> bytes:
    """Make a photograph small, as the stage does most."""
    from PIL import Image

    with Image.open(io.BytesIO(body)) as image:
        small = image.resize((256, 256), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=90)
    return out.getvalue()


def deflate(body: bytes) -> int:
    """Compress, and throw the outcome away."""
    return len(zlib.compress(body, 6))


def digest(body: bytes) -> bytes:
    """Give the digest."""
    return hashlib.sha256(body).digest()


def photograph() -> bytes:
    """Make a JPEG of about 355 KB: soft noise, as large as a camera's thumbnail on the web."""
    from PIL import Image, ImageFilter

    noise = Image.frombytes("RGB", (1600, 1200), os.urandom(1600 * 1200 * 3)).filter(ImageFilter.GaussianBlur(1.2))
    found = b""
    for quality in range(30, 100, 3):
        out = io.BytesIO()
        noise.save(out, "JPEG", quality=quality)
        found = out.getvalue()
        if len(found) >= SIZE:
            break
    return found


def text() -> bytes:
    """Make bytes that take zlib about as long as a photograph takes its decoder."""
    return os.urandom(SIZE // 2).hex().encode()[:SIZE]


WORKS: dict[str, tuple[Callable[[bytes], object], Callable[[], bytes]]] = {
    "decode": (decode, photograph),
    "zlib": (deflate, text),
    "sha256": (digest, text),
}


def seconds(made: AbstractContextManager[Pool | Threads], body: bytes, images: int) -> float:
    """Time that many bodies through a pool that is warm."""
    with made as pool:
        go_through(pool, body, 8 * WORKERS)
        start = time.perf_counter()
        go_through(pool, body, images)
        return time.perf_counter() - start


def go_through(pool: Pool | Threads, body: bytes, images: int) -> None:
    """Keep the pool full until all are done."""
    handed = 0
    while handed < images or pool.under_way:
        while handed < images and pool.room:
            pool.submit(handed, body)
            handed += 1
        pool.done(0.25)


def compare(name: str, rounds: int, images: int) -> None:
    """Measure one work both ways in turn, and print the line."""
    work, make = WORKS[name]
    body = make()
    taken: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        taken[0].append(seconds(Threads(work, WORKERS), body, images))
        taken[1].append(seconds(Pool(work, PoolLimits(WORKERS, 1 << 30, 60.0)), body, images))
    threads, pool = map(statistics.median, taken)
    spread = " ".join(f"{min(side):.2f}-{max(side):.2f}" for side in taken)
    print(
        f"{name:8} {len(body) // 1000} KB x {images}: threads {threads:.3f} s, pool {pool:.3f} s, "
        f"ratio {pool / threads:.3f} ({spread})"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=list(WORKS), metavar="WORK", help=f"of {', '.join(WORKS)}")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=300)
    given = parser.parse_args(arguments)
    for name in given.works:
        compare(name, given.rounds, given.images)


if __name__ == "__main__":
    main()
