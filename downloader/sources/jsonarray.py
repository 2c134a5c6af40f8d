"""A JSON array of URLs or of objects, read whole: its end tells whether it is one."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from downloader.errors import InputError
from downloader.model import Line
from downloader.settings import Intake
from downloader.sources.entries import line_of

MOST = 100_000_000
"""Longest array, in bytes: as objects it takes ten times that much memory."""


def read_json(file: BinaryIO, name: str, intake: Intake) -> Iterator[Line]:
    """Go through a list; an entry's place is its position, counted from 0. Raises InputError for what is no array."""
    entries = _entries(file.read(MOST + 1), name)
    for number, entry in enumerate(entries):
        yield line_of(entry, f"{name}:[{number}]", intake.url_col)


def _entries(data: bytes, name: str) -> list[Any]:
    if len(data) > MOST:
        raise InputError(f"the list {name!r} is longer than {MOST // 10**6} MB: write it as JSON lines (.jsonl)")
    if not data.strip():
        return []
    try:
        entries = json.loads(data)
    except json.JSONDecodeError as error:
        hint = "; are they JSON lines? then --input-format jsonl" if error.msg == "Extra data" else ""
        raise InputError(f"the list {name!r} is no JSON: {error.msg} in line {error.lineno}{hint}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"the list {name!r} is no JSON that can be read: {error}") from None
    if not isinstance(entries, list):
        raise InputError(f'the list {name!r} holds no array but {type(entries).__name__}: write ["http://…", …]')
    return entries
