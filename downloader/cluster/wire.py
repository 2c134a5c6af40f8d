"""Our records as tuples of plain values, and back.

Of an outcome its task does not travel: the parent has it. Fields are read by their names, so that a field that a record
gains travels too.
"""

import logging
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from downloader.model import (
    AttemptEnded,
    Effort,
    Failed,
    HostState,
    Image,
    Outcome,
    Phases,
    Saved,
    Skipped,
    Task,
    Work,
    Worker,
)
from downloader.policy.supply import Ticket

Row = tuple[Any, ...]

SAVED, FAILED, SKIPPED = range(3)

HOST = 2
"""Where the host stands in a ticket's row."""


def _plain(kind: type, nested: tuple[str, ...] = ()) -> Any:
    """Give what reads the fields of a record; nested ones come last, and are left to the caller."""
    names = [field.name for field in fields(kind)]
    assert tuple(names[len(names) - len(nested) :]) == nested  # noqa: S101 - a record has changed its order
    return attrgetter(*names[: len(names) - len(nested)])


_IMAGE = _plain(Image, ("work",))
_EFFORT = _plain(Effort, ("worker", "phases"))
_PHASES = _plain(Phases)
_HOST = _plain(HostState)
_WORK = _plain(Work, ("steps", "fields"))


def of_ticket(ticket: Ticket) -> Row:
    """Give a ticket with all that it has been through."""
    task, spent = ticket.task, ticket.spent
    return (
        task.index,
        task.url,
        task.host,
        task.place,
        dict(task.columns) if task.columns else None,
        *(ticket.attempt, ticket.due, ticket.first, _of_effort(spent) if spent else None),
    )


def ticket_of(row: Row) -> Ticket:
    """Give a ticket that came over the wire."""
    index, url, host, place, columns, attempt, due, first, spent = row
    ticket = Ticket(Task(index, url, host, place, columns) if columns else Task(index, url, host, place))
    if attempt or due:
        ticket.attempt, ticket.due, ticket.first = attempt, due, first
        ticket.spent = _effort(spent) if spent else None
    return ticket


def of_parked(ticket: Ticket) -> Row:
    """Give what has changed of a ticket that goes back."""
    spent = ticket.spent
    return ticket.task.index, ticket.attempt, ticket.due, ticket.first, _of_effort(spent) if spent else None


def parked(ticket: Ticket, row: Row) -> Ticket:
    """Enter into a ticket what it has been through elsewhere."""
    _, ticket.attempt, ticket.due, ticket.first, spent = row
    ticket.spent = _effort(spent) if spent else None
    return ticket


def of_outcome(outcome: Outcome) -> Row:
    """Give an outcome, its task's index first."""
    index, effort = outcome.task.index, _of_effort(outcome.effort)
    if isinstance(outcome, Saved):
        return index, SAVED, effort, outcome.path, _of_image(outcome.image)
    if isinstance(outcome, Failed):
        return index, FAILED, effort, outcome.code, outcome.detail, outcome.http_status
    image = _of_image(outcome.image) if outcome.image else None
    return index, SKIPPED, effort, outcome.code, outcome.detail, outcome.path, image, outcome.instead


def outcome_of(row: Row, task: Task) -> Outcome:
    """Give the outcome of a task."""
    _, kind, effort, *rest = row
    if kind == SAVED:
        return Saved(task, rest[0], _image(rest[1]), _effort(effort))
    if kind == FAILED:
        code, detail, http_status = rest
        return Failed(task, code, detail, _effort(effort), http_status)
    code, detail, path, image, instead = rest
    return Skipped(task, code, detail, path, _effort(effort), _image(image) if image else None, instead)


def of_attempt(ended: AttemptEnded) -> Row:
    """Give the end of an attempt."""
    worker, phases = ended.worker, ended.phases
    return (
        ended.task.index,
        ended.number,
        *(worker.name, worker.native_id, ended.seconds, ended.size, ended.code, ended.detail, ended.retry_in),
        _PHASES(phases) if phases else None,
    )


def attempt_of(row: Row, task: Task) -> AttemptEnded:
    """Give the end of an attempt at a task."""
    _, number, name, native_id, seconds, size, code, detail, retry_in, phases = row
    told = Phases(*phases) if phases else None
    return AttemptEnded(task, number, Worker(name, native_id), seconds, size, code, detail, retry_in, told)


def of_host(state: HostState) -> Row:
    """Give how a host stands."""
    return tuple(_HOST(state))


def of_record(record: logging.LogRecord, extra: Mapping[str, Any]) -> Row:
    """Give a line of the log; what was raised is told as text."""
    error = record.exc_info[1] if record.exc_info else None
    said = record.getMessage() + (f": {type(error).__name__}: {error}" if error else "")
    return record.name, record.levelno, record.created, said, {name: _told(value) for name, value in extra.items()}


def record_of(row: Row) -> logging.LogRecord:
    """Give a line of the log as if it were our own."""
    name, level, created, said, extra = row
    told = {"name": name, "levelno": level, "levelname": logging.getLevelName(level), "created": created, "msg": said}
    return logging.makeLogRecord(told | extra)


def _told(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _of_effort(effort: Effort) -> Row:
    worker, phases = effort.worker, effort.phases
    return (
        *_EFFORT(effort),
        (worker.name, worker.native_id) if worker else None,
        _PHASES(phases) if phases else None,
    )


def _effort(row: Row) -> Effort:
    plain: Any = row[:-2]
    worker, phases = row[-2:]
    return Effort(*plain, Worker(*worker) if worker else None, Phases(*phases) if phases else None)  # type: ignore[call-arg]


def _of_image(image: Image) -> Row:
    work = image.work
    return *_IMAGE(image), (*_WORK(work), tuple(work.steps), dict(work.fields)) if work else None


def _image(row: Row) -> Image:
    plain: Any = row[:-1]
    work = row[-1]
    return Image(*plain, Work(*work) if work else None)  # type: ignore[call-arg]
