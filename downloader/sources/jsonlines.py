"""JSON lines: an object a line with its URL under "url"; failed.jsonl is such a list."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from downloader.model import Line
from downloader.sources.lines import bounded

MOST = 1 << 20
"""Longest line, in bytes."""

OWN = frozenset(("url", "index", "code", "detail", "http_status", "attempts"))
"""Fields that failed.jsonl writes itself; all others are the user's."""


def read_jsonl(file: BinaryIO, name: str) -> Iterator[Line]:
    """Go through a list; a string stands for its URL, and what is neither stands for itself and fails as a bad URL."""
    for number, raw in bounded(file, MOST):
        if raw.strip():
            yield _line(raw, f"{name}:{number}")


def _line(raw: bytes, place: str) -> Line:
    try:
        entry = json.loads(raw)
        if isinstance(entry, str):
            return Line(entry, place)
        own = {_whole(key): _whole(str(value)) for key, value in entry.items() if key not in OWN}
        return Line(str(entry["url"]), place, own)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Line(raw.decode("utf-8", "replace").strip(), place)


def _whole(text: str) -> str:
    """Spell out halves of characters, which JSON can hold and nothing else can."""
    return text.encode("utf-8", "backslashreplace").decode()
