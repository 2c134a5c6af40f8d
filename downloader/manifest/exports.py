"""The manifest's rows written as text: CSV for spreadsheets and data frames, JSON lines for programs."""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeAlias

from downloader.manifest.table import FACTS, OWN, Entry, entries, own_names

Writer: TypeAlias = Callable[[sqlite3.Connection, Sequence[str], TextIO], None]
"""Writes the rows with one of these statuses."""


def write_csv(database: sqlite3.Connection, statuses: Sequence[str], stream: TextIO) -> None:
    """Write as RFC 4180 has it: the user's own columns behind ours, as "own_NAME" where ours have the name."""
    own = own_names(database, statuses)
    writer = csv.writer(stream)
    writer.writerow([*FACTS, *_headings(own)])
    writer.writerows(_cells(entry, own) for entry in entries(database, statuses))


def _headings(own: Sequence[str]) -> Iterator[str]:
    taken = {*FACTS, *own}
    for name in own:
        heading = name
        while heading in FACTS or (heading != name and heading in taken):
            heading = f"own_{heading}"
        taken.add(heading)
        yield heading


def _cells(entry: Entry, own: Sequence[str]) -> list[object]:
    found = entry.facts["fields"]
    facts = {**entry.facts, "fields": json.dumps(found, ensure_ascii=False) if found else None}
    return [*facts.values(), *map(entry.own.get, own)]


def write_jsonl(database: sqlite3.Connection, statuses: Sequence[str], stream: TextIO) -> None:
    """Write an object a line, the user's own columns as one in it; ``get -i`` reads it back."""
    for entry in entries(database, statuses):
        stream.write(json.dumps({**entry.facts, OWN: entry.own}, ensure_ascii=False) + "\n")


WRITERS: dict[str, Writer] = {"csv": write_csv, "jsonl": write_jsonl}
