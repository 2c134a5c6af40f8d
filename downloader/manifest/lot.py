"""Where tickets that must wait long are parked while the list goes on, so that memory stays flat in its length."""

import json
import math
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from downloader.manifest.database import connect, remove, translated
from downloader.model import Effort, Task
from downloader.policy.supply import Ticket

_SCHEMA = """
CREATE TABLE parked (
    due REAL, "index" INTEGER, url TEXT, host TEXT, place TEXT, columns TEXT, attempt INTEGER, first REAL,
    spent TEXT, PRIMARY KEY (due, "index")
) WITHOUT ROWID;
"""


class Lot:
    """The parked tickets of one run, in a file that lives no longer. Used by the job's own thread alone.

    A crash loses nothing: what is parked has no row in the manifest, and the next run asks it anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self.next_due = math.inf
        with translated(path):
            remove(path)  # left by a crash
        self._database: sqlite3.Connection | None = None  # opened when the first ticket comes

    def __len__(self) -> int:
        return self._count

    def park(self, tickets: Sequence[Ticket]) -> None:
        """Keep tickets, each with all that it has been through."""
        if not tickets:
            return
        database = self._opened()
        with translated(self._path), database:
            database.execute("BEGIN")
            database.executemany("INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_values, tickets))
        self._count += len(tickets)
        self.next_due = min(self.next_due, *(ticket.due for ticket in tickets))

    def take(self, most: int, until: float) -> Sequence[Ticket]:
        """Give up to ``most`` tickets back that are due by then, the soonest due first."""
        if not self._count or until < self.next_due or most <= 0:
            return ()
        database = self._opened()
        with translated(self._path), database:
            database.execute("BEGIN")
            query = 'SELECT * FROM parked WHERE due <= ? ORDER BY due, "index" LIMIT ?'
            rows = database.execute(query, (until, most)).fetchall()
            database.executemany('DELETE FROM parked WHERE due = ? AND "index" = ?', [row[:2] for row in rows])
            self.next_due = database.execute("SELECT ifnull(min(due), 9e999) FROM parked").fetchone()[0]
        self._count -= len(rows)
        return list(map(_ticket, rows))

    def close(self) -> None:
        """Remove the file."""
        if self._database is not None:
            self._database.close()
            with translated(self._path):
                remove(self._path)

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = connect(self._path, _SCHEMA, synchronous="OFF")
        return self._database


def _values(ticket: Ticket) -> tuple[Any, ...]:
    task, spent = ticket.task, ticket.spent
    return (
        ticket.due,
        task.index,
        task.url,
        task.host,
        task.place,
        json.dumps(dict(task.columns)) if task.columns else None,
        ticket.attempt,
        ticket.first,
        json.dumps([spent.attempts, spent.seconds, spent.first, spent.last]) if spent else None,
    )


def _ticket(row: Sequence[Any]) -> Ticket:
    due, index, url, host, place, columns, attempt, first, spent = row
    own = {"columns": json.loads(columns)} if columns else {}
    ticket = Ticket(Task(index, url, host, place, **own))
    ticket.due, ticket.attempt, ticket.first = due, attempt, first
    ticket.spent = Effort(*json.loads(spent)) if spent else None
    return ticket
