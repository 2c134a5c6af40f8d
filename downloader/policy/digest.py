"""The digest a list may name for a body: hexadecimal sha256 or md5, told apart by its length."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from downloader.errors import HashMismatch

_LENGTHS = {64: "sha256", 32: "md5"}

_WRITTEN = re.compile(r"(?:(sha256|md5):)?([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest in lower case, and what it was made by: "sha256" or "md5"."""

    name: str
    hex: str


def expected(columns: Mapping[str, str], column: str | None) -> Digest | None:
    """Give what a line's ``column`` names for its body, None without one; raises HashMismatch as ``read_digest``."""
    return read_digest(columns.get(column, "")) if column else None


def read_digest(text: str) -> Digest | None:
    """Read what stands in a table: any case, "sha256:" or "md5:" before it; nothing means that nothing is checked.

    Raises HashMismatch for what is neither: no body can have it, and to store one unchecked was not asked.
    """
    if not (text := text.strip()):
        return None
    found = _WRITTEN.fullmatch(text.lower())
    name = _LENGTHS.get(len(found[2])) if found else None
    if not (found and name and found[1] in (None, name)):
        raise HashMismatch.unreadable(text)
    return Digest(name, found[2])
