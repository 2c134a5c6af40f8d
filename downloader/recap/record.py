"""What a report tells: frozen records, the same for every way of writing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many images ended how; ``failed`` by code."""

    saved: int = 0
    skipped: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """How many brought no image."""
        return sum(self.failed.values())


@dataclass(frozen=True, slots=True)
class Cause:
    """The failures of one code in this run, the first as a sample."""

    code: str
    count: int
    url: str
    detail: str


@dataclass(frozen=True, slots=True)
class Host:
    """What this run had of a host, "host:port"; ``seconds`` is the time at work for all its images."""

    name: str
    images: int
    failures: int
    bytes: int
    seconds: float
    learnt: str = ""

    @property
    def mean(self) -> float:
        """Seconds an image, or a failure, took."""
        return self.seconds / max(1, self.images + self.failures)


@dataclass(frozen=True, slots=True)
class Bin:
    """What ended within one stretch of time."""

    images: int = 0
    failures: int = 0
    bytes: int = 0

    def __add__(self, other: "Bin") -> "Bin":
        return Bin(self.images + other.images, self.failures + other.failures, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Course:
    """Throughput over time: bins of ``width`` seconds side by side, from the start of the run."""

    width: float
    bins: Sequence[Bin]

    def coarser(self, most: int) -> "Course":
        """Give the same in at most so many bins, each of as many of these."""
        by = -(-len(self.bins) // most) or 1
        merged = [sum(self.bins[at : at + by], Bin()) for at in range(0, len(self.bins), by)]
        return Course(self.width * by, merged)


@dataclass(frozen=True, slots=True)
class Slow:
    """One of the images that took longest, in seconds at work; ``code`` is None for a saved one."""

    seconds: float
    url: str
    attempts: int
    code: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run ended, in the words of who ran it, and the command to type next."""

    verdict: Sequence[str]
    status: int
    next: str = ""
    whole: Counts | None = None  # how the whole list stands; None where an error ended the run
    known: int = 0  # how many of the list earlier runs had settled
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Recap:
    """One run; ``began`` is seconds since the epoch, other times are seconds, sizes bytes."""

    ending: Ending
    began: float
    seconds: float
    run: Counts
    fetched: int
    bytes: int
    attempts: int
    seconds_at_work: float
    causes: Sequence[Cause]
    hosts: Sequence[Host]
    other_hosts: Host | None  # the rest in one, where there are more than are told
    course: Course
    percentiles: Mapping[int, float]
    longest: float
    slowest: Sequence[Slow]
    settings: Mapping[str, Any]
    changed: Sequence[str]  # names of settings that are not what they are by default
    versions: Mapping[str, str]
