"""What a row holds: an outcome's facts as values, and back."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from downloader.model import Effort, Image, Outcome, Saved, Skipped, Task, Work, work_fields
from downloader.policy.address import host_of

COLUMNS = (
    "index", "url", "final_url", "path", "status", "code", "detail", "http_status", "bytes", "sha256", "format", "etag",
    "last_modified", "attempts", "seconds", "first_time", "last_time", "place", "columns", "run",
    "source_sha256", "source_width", "source_height", "width", "height", "steps", "fields",
)  # fmt: skip

# "place" is where the line stands in its list, "columns" the user's own as a JSON object; times are seconds since the
# epoch; "run" is the run that wrote the row. From "source_sha256" on stands what post-processing did; "fields" is what
# its steps found out, a JSON object.
SCHEMA = """
CREATE TABLE IF NOT EXISTS images (
    "index" INTEGER PRIMARY KEY, url TEXT NOT NULL, final_url TEXT, path TEXT, status TEXT NOT NULL, code TEXT,
    detail TEXT, http_status INTEGER, bytes INTEGER, sha256 TEXT, format TEXT, etag TEXT, last_modified TEXT,
    attempts INTEGER NOT NULL, seconds REAL NOT NULL, first_time REAL, last_time REAL, place TEXT,
    columns TEXT, run INTEGER NOT NULL,
    source_sha256 TEXT, source_width INTEGER, source_height INTEGER, width INTEGER, height INTEGER, steps TEXT,
    fields TEXT
);
CREATE INDEX IF NOT EXISTS failures ON images (code) WHERE status = 'failed';
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""

INSERT = f"INSERT OR REPLACE INTO images VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608

# Of every None that is bound, sqlite3 asks around whether somebody would adapt it: columns that an image as it came
# leaves empty are not named.
_INSERT_PLAIN = """INSERT OR REPLACE INTO images ("index", url, final_url, path, status, http_status, bytes, sha256,
    format, etag, last_modified, attempts, seconds, first_time, last_time, place, run)
    VALUES (?, ?, ?, ?, 'saved', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def inserts(outcomes: Iterable[Outcome], run: int) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Give the statements that enter outcomes in their order, each with its rows."""
    for plain, some in groupby(outcomes, _is_plain):
        if plain:
            yield _INSERT_PLAIN, [_plain_values(outcome, run) for outcome in some]  # type: ignore[arg-type]
        else:
            yield INSERT, [_values(outcome, run) for outcome in some]


def _is_plain(outcome: Outcome) -> bool:
    return type(outcome) is Saved and outcome.image.work is None and not outcome.task.columns


def _plain_values(outcome: Saved, run: int) -> tuple[Any, ...]:
    task, image, effort = outcome.task, outcome.image, outcome.effort
    return (
        task.index,
        task.url,
        image.final_url,
        outcome.path,
        image.http_status,
        image.size,
        image.sha256,
        image.format,
        image.etag,
        image.last_modified,
        effort.attempts,
        round(effort.seconds, 6),
        effort.first or None,
        effort.last or None,
        task.place or None,
        run,
    )


def _values(outcome: Outcome, run: int) -> tuple[Any, ...]:
    task, effort = outcome.task, outcome.effort
    image = getattr(outcome, "image", None)
    return (
        task.index,
        task.url,
        image.final_url if image else None,
        outcome.path,
        outcome.status,
        outcome.code,
        outcome.detail,
        image.http_status if image else getattr(outcome, "http_status", None),
        image.size if image else None,
        image.sha256 if image else None,
        image.format if image else None,
        image.etag if image else None,
        image.last_modified if image else None,
        effort.attempts,
        round(effort.seconds, 6),
        effort.first or None,
        effort.last or None,
        task.place or None,
        as_json(task.columns),
        run,
        *_work_values(image.work if image else None),
    )


def as_json(columns: Mapping[str, str]) -> str | None:
    """Give the user's columns as they are kept."""
    return json.dumps(dict(columns), ensure_ascii=False) if columns else None


def _work_values(work: Work | None) -> tuple[Any, ...]:
    if work is None:
        return (None,) * 7
    fields = json.dumps(work.fields, ensure_ascii=False) if work.fields else None
    return *list(work_fields(work).values())[:-1], fields


def outcome_of(row: Sequence[Any]) -> Saved | Skipped:
    """Give the outcome that a row of a fetched image was made of; who worked on it is not kept."""
    facts = dict(zip(COLUMNS, row, strict=True))
    columns = {"columns": json.loads(facts["columns"])} if facts["columns"] else {}
    task = Task(facts["index"], facts["url"], host_of(facts["url"]), facts["place"] or "", **columns)
    effort = Effort(facts["attempts"], facts["seconds"], facts["first_time"] or 0.0, facts["last_time"] or 0.0)
    if facts["status"] == "saved":
        return Saved(task, facts["path"], _image(facts), effort)
    return Skipped(task, facts["code"], facts["detail"], facts["path"], effort, _image(facts))


def _image(facts: Mapping[str, Any]) -> Image:
    return Image(
        size=facts["bytes"],
        sha256=facts["sha256"],
        format=facts["format"],
        final_url=facts["final_url"],
        http_status=facts["http_status"],
        etag=facts["etag"],
        last_modified=facts["last_modified"],
        work=_work(facts) if facts["source_sha256"] else None,
    )


def _work(facts: Mapping[str, Any]) -> Work:
    return Work(
        source_sha256=facts["source_sha256"],
        source_width=facts["source_width"],
        source_height=facts["source_height"],
        width=facts["width"],
        height=facts["height"],
        steps=tuple(facts["steps"].split(",")) if facts["steps"] else (),
        fields=json.loads(facts["fields"]) if facts["fields"] else {},
    )
