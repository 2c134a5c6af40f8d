"""Small JPEGs from a seed, and the proof that a tool stored them whole."""

import json
import os
import random
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from downloader.imageserver import picture
from harness.turns import Unfit

BYTES = (10_000, 30_000)
"""From the least to the most of a file; all sizes between are as frequent."""

RECIPE = 1
"""Part of the name of the folder: raise it with every change to what a seed gives."""


@dataclass(frozen=True, slots=True)
class Small:
    """How many files, from which seed."""

    count: int = 5000
    seed: int = 1

    def folder(self, root: Path) -> Path:
        """Give the folder with ``N.jpg``, no two alike, making it once; beside it lies its table of digests."""
        told = json.dumps([RECIPE, BYTES, asdict(self)])
        finished = root / f"small-{sha256(told.encode()).hexdigest()[:12]}"
        if not finished.is_dir():
            with tempfile.TemporaryDirectory(dir=root) as part:
                folder = Path(part, "corpus")
                folder.mkdir()
                for number in range(self.count):
                    (folder / f"{number}.jpg").write_bytes(self.file(number))
                folder.rename(finished)
        return finished

    def file(self, number: int) -> bytes:
        """Give the bytes of one."""
        return picture(number, random.Random(f"{self.seed}/{number}").randint(*BYTES), self.seed)

    def path(self, number: int) -> str:
        """Give where the n-th line of a list asks: the same files over and over, each time under another URL."""
        return f"/{number % self.count}.jpg?n={number // self.count}"


@dataclass(frozen=True, slots=True)
class Whole:
    """The proof of a run: the file of each URL has the bytes that were served under it, by number and sha256."""

    expected: Mapping[str, tuple[int, bytes]]
    """Bytes and sha256 by the name of the served file."""

    @classmethod
    def of(cls, folder: Path) -> "Whole":
        """Read the served files once; that also brings them into memory, so that no run reads them from the disk."""
        bodies = ((path.name, path.read_bytes()) for path in folder.glob("*.jpg"))
        return cls({name: (len(body), sha256(body).digest()) for name, body in bodies})

    def __call__(self, stored: Mapping[str, Path]) -> Mapping[str, float]:
        """Give the bytes of all; raises Unfit at the first file that is not as it was served."""
        return {"MB": sum(self._bytes(url, path) for url, path in stored.items()) / 1e6}

    def _bytes(self, url: str, path: Path) -> int:
        body = _read(path)
        count, digest = self.expected[Path(urlsplit(url).path).name]
        if len(body) != count:
            raise Unfit(f"{url!r} was stored with {len(body)} bytes of {count}")
        if sha256(body).digest() != digest:
            raise Unfit(f"{url!r} was stored with other bytes than were served")
        return count


def _read(path: Path) -> bytes:
    """Read a file once and have the system forget it: the runs together are larger than the memory."""
    try:
        with path.open("rb") as file:
            body = file.read()
            with suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError as error:
        raise Unfit(f"{str(path)!r} cannot be read: {error.strerror}") from error
    return body
