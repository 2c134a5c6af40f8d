"""The manifest's rows as they leave the house: in the order of their indexes, whole, one at a time."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from downloader.manifest.rows import COLUMNS
from downloader.pages.units import moment_text

OWN = "columns"
"""The column that holds the user's own, as a JSON object."""

FACTS = tuple(column for column in COLUMNS if column != OWN)
"""The names of what is ours, in the manifest's order."""

_TIMES = ("first_time", "last_time")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what we know of an image, by ``FACTS``, and what the user's list said of it."""

    facts: Mapping[str, Any]
    own: Mapping[str, str]


def entries(database: sqlite3.Connection, statuses: Collection[str]) -> Iterator[Entry]:
    """Go through the rows of these statuses; times are ISO 8601 in UTC, ``fields`` is an object."""
    names = ", ".join(f'"{column}"' for column in COLUMNS)
    query = f"""SELECT {names} FROM images WHERE status IN (SELECT value FROM json_each(?)) ORDER BY "index" """  # noqa: S608
    for row in database.execute(query, (json.dumps(list(statuses)),)):
        facts = dict(zip(COLUMNS, row, strict=True))
        own = json.loads(facts.pop(OWN) or "{}")
        facts |= {name: moment_text(facts[name]) for name in _TIMES if facts[name] is not None}
        facts["fields"] = json.loads(facts["fields"]) if facts["fields"] else None
        yield Entry(facts, own)


def own_names(database: sqlite3.Connection, statuses: Collection[str]) -> Sequence[str]:
    """Give the names of all the user's own columns, in the order of their first sight."""
    query = """SELECT each.key FROM images, json_each(images.columns) AS each
               WHERE status IN (SELECT value FROM json_each(?)) GROUP BY each.key ORDER BY min("index"), min(each.id)"""
    return [name for (name,) in database.execute(query, (json.dumps(list(statuses)),))]
