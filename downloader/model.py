"""What we talk about: frozen records, and nothing that acts.

A ``Line`` of a list becomes a ``Task``; an engine turns it into ``Fetched`` or ``Failed``; a sink turns ``Fetched``
into ``Saved``; the manifest keeps the ``Outcome``; the ``Report`` counts them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from downloader.record import record

_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})


def _no_columns() -> Mapping[str, str]:
    return _NO_COLUMNS


@record(frozen=True, slots=True)
class Line:
    """One entry of a list, as it was given."""

    url: str
    place: str = ""  # where it stands: "urls.txt:12"
    columns: Mapping[str, str] = field(default_factory=_no_columns)  # what else the user's table says of it


@record(frozen=True, slots=True)
class Task:
    """One image to fetch, known by its normalised URL and by the index of its first sight."""

    index: int
    url: str
    host: str = ""  # host:port, what per-host limits count by
    place: str = ""
    columns: Mapping[str, str] = field(default_factory=_no_columns)


@record(frozen=True, slots=True)
class Work:
    """What post-processing found in an image and did to it; sizes are in pixels, as stored in the files."""

    source_sha256: str
    source_width: int
    source_height: int
    width: int
    height: int
    steps: tuple[str, ...]  # the names of those that ran
    fields: Mapping[str, Any]  # what they found out, as JSON values


@record(frozen=True, slots=True)
class Image:
    """What is known of a whole, judged body, as it is stored."""

    size: int
    sha256: str
    format: str  # jpeg, png, … or "" for a body that only --accept any takes
    final_url: str
    http_status: int = 200
    etag: str | None = None
    last_modified: str | None = None
    work: Work | None = None  # None without post-processing: the bytes are the server's


@record(frozen=True, slots=True)
class Payload:
    """A whole, judged body without its Content-Encoding, worked on where that was asked; gone once it is stored."""

    image: Image
    body: bytes | Path = field(repr=False)  # a path when it was spooled to disk
    extras: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # files to stand beside it, by suffix
    original: str = ""  # the file name its server told, not made safe


@record(frozen=True, slots=True)
class Worker:
    """Who did it: a thread with its native id, or a task of the event loop."""

    name: str
    native_id: int | None = None


@record(frozen=True, slots=True)
class Phases:
    """Where the time of one attempt went, in seconds; measured only where that is asked, redirects summed up."""

    start: float  # monotonic
    queue: float = 0.0  # from when it could have started
    dns: float = 0.0
    connect: float = 0.0  # TLS and tunnels included
    first_byte: float = 0.0  # from the request to the answer's head
    body: float = 0.0
    check: float = 0.0  # decoding, hashing, and looking at the bytes
    write: float = 0.0  # putting the image in place


@record(frozen=True, slots=True)
class Effort:
    """What an outcome cost; times are seconds since the epoch, ``seconds`` is time at work without waits."""

    attempts: int
    seconds: float
    first: float
    last: float
    worker: Worker | None = None
    phases: Phases | None = None  # of the last attempt


def with_write(effort: Effort, phases: Phases, seconds: float) -> Effort:
    """Enter how long an image took to be put in place. Written out: ``dataclasses.replace`` takes thrice as long."""
    told = Phases(
        phases.start,
        phases.queue,
        phases.dns,
        phases.connect,
        phases.first_byte,
        phases.body,
        phases.check,
        seconds,
    )
    return Effort(effort.attempts, effort.seconds, effort.first, effort.last, effort.worker, told)


NO_EFFORT = Effort(0, 0.0, 0.0, 0.0)


@record(frozen=True, slots=True)
class Fetched:
    """A task whose bytes are here and judged, not yet stored."""

    task: Task
    payload: Payload
    effort: Effort


@record(frozen=True, slots=True)
class Saved:
    """A task whose image stands whole under its final name."""

    task: Task
    path: str  # relative to the output folder, with forward slashes
    image: Image
    effort: Effort

    status = "saved"
    code = None
    detail = None
    instead = None


@record(frozen=True, slots=True)
class Failed:
    """A task that brought no image, and why."""

    task: Task
    code: str
    detail: str
    effort: Effort = NO_EFFORT
    http_status: int | None = None

    status = "failed"
    path = None
    instead = None


@record(frozen=True, slots=True)
class Skipped:
    """A task that needs no image of its own: a twin of another, filtered, or a file of its name was there before."""

    task: Task
    code: str
    detail: str
    path: str | None = None
    effort: Effort = NO_EFFORT
    image: Image | None = None  # what was fetched and is not kept
    instead: str | None = None  # the status it was told with before; this takes the place of that

    status = "skipped"


Outcome: TypeAlias = Saved | Failed | Skipped


@record(frozen=True, slots=True)
class AttemptEnded:
    """Event: one attempt is over and its thread joined; ``retry_in`` is set when the task will be asked again."""

    task: Task
    number: int
    worker: Worker
    seconds: float
    size: int = 0
    code: str | None = None
    detail: str | None = None
    retry_in: float | None = None
    phases: Phases | None = None


@record(frozen=True, slots=True)
class Committed:
    """Event: these outcomes are in the manifest. An empty batch is a beat."""

    outcomes: Sequence[Outcome]


@record(frozen=True, slots=True)
class Known:
    """Event: this many tasks of the list were finished in an earlier run and are not asked again."""

    count: int


@record(frozen=True, slots=True)
class ListEnded:
    """Event: the list has been read to its end and holds this many lines."""

    lines: int


@record(frozen=True, slots=True)
class Notice:
    """Event: a line for people about the run as a whole."""

    text: str


@record(frozen=True, slots=True)
class HostState:
    """How a host stands while it is asked."""

    name: str  # host:port
    limit: int  # places that this job has there now; 0 for no limit
    in_flight: int
    waiting: int  # tasks that wait for a place
    rests: int  # for silence, so far
    busy: int  # busy answers, so far
    resting: float  # seconds that it will still be left alone
    down: bool


@record(frozen=True, slots=True)
class Standing:
    """Event: how the whole list stands just now, earlier runs counted in; told only where that is asked."""

    statuses: Mapping[str, int]
    codes: Mapping[str, int]  # of the failed
    in_flight: int
    hosts: Sequence[HostState]  # the busiest


Event: TypeAlias = AttemptEnded | Committed | Known | ListEnded | Notice | Standing


@record(frozen=True, slots=True)
class Report:
    """How the whole list stands when the job ends, earlier runs counted in."""

    folder: Path
    saved: int = 0
    skipped: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)  # by code
    transient: int = 0  # how many of the failed are worth another run
    known: int = 0  # how many of all were settled in earlier runs
    fetched: int = 0  # images stored in this run
    bytes: int = 0  # their size
    seconds: float = 0.0
    attempts: int = 0
    seconds_at_work: float = 0.0  # summed over attempts: what one after another would have taken
    seconds_in_dns: float = 0.0  # of those, waiting for look-ups
    lines: int = 0
    stopped: str | None = None  # why the job ended before its list: a key of STOPPED
    remarks: tuple[str, ...] = ()  # what else a person should know
    outcomes: tuple[Outcome, ...] = ()  # only from downloader.download()

    @property
    def failures(self) -> int:
        """How many tasks brought no image."""
        return sum(self.failed.values())

    @property
    def total(self) -> int:
        """How many lines of the list have an outcome."""
        return self.saved + self.skipped + self.failures

    def exit_status(self, tolerate: float = 0.0) -> int:
        """Give the status a program should leave with; ``tolerate`` is a share of all outcomes, 0 to 1."""
        if self.stopped:
            return STOPPED[self.stopped]
        # Divided, not multiplied: 0.29 * 100 is less than 29, 29 / 100 is exactly what "29%" is.
        if not self.total or self.failures / self.total <= tolerate:
            return 0
        if not self.saved + self.skipped and self.transient == self.failures:
            return 5
        return 4 if self.transient else 3


STOPPED = {"max-duration": 8, "min-free": 8, "hangup": 129, "interrupt": 130, "terminate": 143}


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    """Give an outcome as the JSON object that ``--json`` prints."""
    image = getattr(outcome, "image", None)
    work = image.work if image else None
    return {
        "type": "outcome",
        "index": outcome.task.index,
        "url": outcome.task.url,
        "status": outcome.status,
        "code": outcome.code,
        "detail": outcome.detail,
        "path": outcome.path,
        "bytes": image.size if image else None,
        "sha256": image.sha256 if image else None,
        "http_status": image.http_status if image else getattr(outcome, "http_status", None),
        "attempts": outcome.effort.attempts,
        "seconds": round(outcome.effort.seconds, 6),
        **({"instead": outcome.instead} if outcome.instead else {}),
        **(work_fields(work) if work else {}),
    }


def work_fields(work: Work) -> dict[str, Any]:
    """Give what post-processing did, by the names of the manifest's columns."""
    return {
        "source_sha256": work.source_sha256,
        "source_width": work.source_width,
        "source_height": work.source_height,
        "width": work.width,
        "height": work.height,
        "steps": ",".join(work.steps),
        "fields": dict(work.fields),
    }
