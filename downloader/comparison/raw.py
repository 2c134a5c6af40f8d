"""The raw data of a comparison, read into records: what a run measured, whatever engine it was."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BASELINE = "sequential"
"""The engine the others are measured by, where it took part."""

PHASES = {
    "queue": "queue",
    "dns": "DNS",
    "connect": "connect, TLS",
    "first_byte": "first byte",
    "body": "body",
    "check": "check",
    "write": "write",
    "other": "other",
}
"""Keys of the phases, in the order an attempt goes through them, and how they are written; "other" is what is left."""

WORK = tuple(PHASES)[1:-1]
"""The phases that an attempt spends at work, one after the other."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: seconds in each phase, None where the engine cannot tell; ``start`` counts from the first task."""

    index: int
    start: float
    seconds: float
    phases: Mapping[str, float | None]
    code: str | None

    @property
    def end(self) -> float:
        """When it ended, in seconds since the first task."""
        return self.start + self.seconds

    def spans(self) -> Iterator[tuple[str, float, float]]:
        """Go through its phases at work as (key, start, seconds); what no phase accounts for comes last as "other"."""
        at = self.start
        for key in WORK:
            if length := min(self.phases[key] or 0.0, self.end - at):
                yield key, at, length
                at += length
        if self.end > at:
            yield "other", at, self.end - at


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one engine in a process of its own: times in seconds, sizes in bytes.

    ``place`` is where it stands in the raw data: "results" or "sweep", and a number. ``others`` is the share of the
    machine's cores that neither the run nor the comparison held meanwhile, None where the system does not tell.
    """

    engine: str
    place: tuple[str, int]
    jobs: int
    round: int
    seconds: float
    startup: float
    cpu: float
    saved: int
    failed: Mapping[str, int]
    digest: str
    bytes: int
    peak_memory: int
    threads: int
    voluntary: int
    involuntary: int
    others: float | None
    attempts: Sequence[Attempt]

    @property
    def rate(self) -> float:
        """Images stored a second."""
        return self.saved / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it; ``document`` is the raw data as it came."""

    engines: Sequence[str]
    runs: Mapping[str, Sequence[Run]]
    sweep: Mapping[str, Sequence[Run]]
    images: int
    jobs: int
    cores: int
    command: str
    environment: Mapping[str, Any]
    server: Mapping[str, Any] | None
    document: Mapping[str, Any]


def read(document: Mapping[str, Any]) -> Comparison:
    """Read the raw data; an engine that never ran is left out. Raises ValueError where none did."""
    runs = _by_engine(document, "results")
    if not runs:
        raise ValueError(f"no run to compare in {document.get('command', '')!r}: at least one engine must have run")
    environment = document.get("environment") or {}
    return Comparison(
        engines=tuple(runs),
        runs=runs,
        sweep=_by_engine(document, "sweep"),
        images=document["images"],
        jobs=document["jobs"],
        cores=environment.get("cores") or 1,
        command=document.get("command") or "",
        environment=environment,
        server=document.get("server"),
        document=document,
    )


def _by_engine(document: Mapping[str, Any], part: str) -> dict[str, list[Run]]:
    """Sort runs by engine, in the order asked for; an engine named twice is compared with itself, as "name (2)"."""
    names = list(_names(document["engines"]))
    found: dict[str, list[Run]] = {name: [] for name in names}
    for number, result in enumerate(document.get(part) or ()):
        name = names[result["seat"]]
        found[name].append(_run(name, (part, number), result))
    return {name: runs for name, runs in found.items() if runs}


def _names(engines: Sequence[str]) -> Iterator[str]:
    met: Counter[str] = Counter()
    for engine in engines:
        met[engine] += 1
        yield engine if met[engine] == 1 else f"{engine} ({met[engine]})"


def _run(name: str, place: tuple[str, int], result: Mapping[str, Any]) -> Run:
    plain = {field: result[field] for field in Run.__slots__ if field not in {"engine", "place", "attempts", "failed"}}
    attempts = [_attempt(attempt) for attempt in result["attempts"]]
    return Run(engine=name, place=place, failed=result["failed"] or {}, attempts=attempts, **plain)


def _attempt(found: Mapping[str, Any]) -> Attempt:
    return Attempt(
        index=found["index"],
        start=found["start"],
        seconds=found["seconds"],
        phases={key: found.get(key) for key in ("queue", *WORK)},
        code=found["code"],
    )
