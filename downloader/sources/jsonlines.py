"""JSON lines: an object a line with its URL under "url"; failed.jsonl is such a list."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from downloader.model import Line
from downloader.settings import Intake
from downloader.sources.entries import line_of
from downloader.sources.lines import bounded

MOST = 1 << 20
"""Longest line, in bytes."""

_BOM = b"\xef\xbb\xbf"


def read_jsonl(file: BinaryIO, name: str, intake: Intake) -> Iterator[Line]:
    """Go through a list; a string stands for its URL, and what is no JSON for itself: it fails as a bad URL."""
    for number, raw in bounded(file, MOST):
        if line := raw.removeprefix(_BOM if number == 1 else b"").strip():
            yield _line(line, f"{name}:{number}", intake.url_col)


def _line(raw: bytes, place: str, url_col: str) -> Line:
    try:
        return line_of(json.loads(raw), place, url_col)
    except (ValueError, RecursionError):
        return Line(raw.decode("utf-8", "replace"), place)
