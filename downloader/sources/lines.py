"""Lines of bounded length: a list may be anything."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO


def bounded(file: BinaryIO, most: int) -> Iterator[tuple[int, bytes]]:
    """Go through the lines with their numbers; one of more than ``most`` bytes is told by its start and a digest."""
    number = 0
    while raw := file.readline(most):
        number += 1
        yield number, raw if raw.endswith(b"\n") or len(raw) < most else _told(file, raw, most)


def _told(file: BinaryIO, raw: bytes, most: int) -> bytes:
    beginning, size, digest = raw[:100], 0, hashlib.sha256()
    while raw:
        size += len(raw)
        digest.update(raw)
        raw = b"" if raw.endswith(b"\n") else file.readline(most)
    return b"%b... (%d bytes, sha256 %b)\n" % (beginning, size, digest.hexdigest().encode())
