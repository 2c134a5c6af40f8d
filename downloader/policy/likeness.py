"""When two images are alike: the key of each, and how far two keys may be apart.

By ``sha256`` the key is the digest of the bytes as they came from the server, by ``dhash`` the 64 bits that tell where
the picture brightens; those may differ in a few.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from typing import Any, Self, TypeAlias

from downloader.model import Image

Key: TypeAlias = bytes | int
"""A sha256, or a dhash as a signed number of 64 bits, which is what SQLite keeps."""

CODE = "duplicate"

MOST_CHUNKS = 5
"""Chunks a dhash is cut into at most: with more they are so short that too many keys share one by chance."""

_ALL = (1 << 64) - 1
_NAMING = "like index "


def named(index: int) -> str:
    """Give the detail of an image that is like this one."""
    return f"{_NAMING}{index}"


def named_in(detail: str | None) -> int | None:
    """Read the index out of such a detail."""
    digits = (detail or "").removeprefix(_NAMING)
    return int(digits) if digits != detail and digits.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Likeness:
    """By what images are alike."""

    how: str
    bits: int = 0  # in which two dhashes may differ

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a setting that was checked: "sha256", "dhash", "dhash:4"."""
        how, _, bits = text.partition(":")
        return cls(how, int(bits or 0))

    def key_of(self, image: Image) -> Key | None:
        """Give the key of an image, or None where it has none."""
        return self.key(_DIGITS[self.how](image))

    def key(self, digits: str | None) -> Key | None:
        """Read a key from its hexadecimal digits."""
        if not digits:
            return None
        return bytes.fromhex(digits) if self.how == "sha256" else _signed(int(digits, 16))

    def alike(self, one: int, other: int) -> bool:
        """Tell whether two dhashes are near enough."""
        return ((one ^ other) & _ALL).bit_count() <= self.bits

    @property
    def chunks(self) -> Sequence["Chunk"]:
        """Give the chunks a dhash is cut into; without bits there is nothing to search."""
        number = min(self.bits + 1, MOST_CHUNKS) if self.bits else 0
        edges = [64 * each // number for each in range(number + 1)] if number else []
        return [Chunk(start, end - start) for start, end in pairwise(edges)]

    def neighbours(self, key: int, chunk: "Chunk") -> Sequence[int]:
        """Give the values of a chunk which an alike key may have.

        Of m chunks one differs in no more than an m-th of the bits: pigeonhole.
        """
        value = key >> chunk.start & chunk.mask
        return [value ^ mask for mask in _masks(chunk.width, self.bits // len(self.chunks))]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bits of a dhash, counted from its lowest."""

    start: int
    width: int

    @property
    def mask(self) -> int:
        """The bits of the chunk, moved to the lowest."""
        return (1 << self.width) - 1


@cache
def _masks(width: int, radius: int) -> Sequence[int]:
    """Give every way in which up to ``radius`` bits of so many may differ."""
    return [
        sum(1 << place for place in places)
        for number in range(radius + 1)
        for places in combinations(range(width), number)
    ]


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _source_sha256(image: Image) -> str:
    return image.work.source_sha256 if image.work else image.sha256


def _dhash(image: Image) -> Any:
    return image.work.fields.get("dhash") if image.work else None


_DIGITS: dict[str, Callable[[Image], str | None]] = {"sha256": _source_sha256, "dhash": _dhash}
