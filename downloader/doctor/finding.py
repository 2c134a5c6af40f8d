"""What a check is asked, and what it finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from downloader.settings import Settings
from downloader.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Question:
    """What a person wants to do here: into which folder, with which settings, from which hosts ("NAME[:PORT]")."""

    folder: Path
    settings: Settings = field(default_factory=Settings)
    surroundings: Surroundings = field(default_factory=Surroundings)
    hosts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: "ok", "warn" (a job will run, but not well) or "bad" (it will not), and what to do then."""

    level: str
    found: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at. ``status`` is what a job would exit with where it is bad."""

    name: str
    status: int
    look: Callable[[Question], Iterable[Finding]]


def judged(found: str, *, bad: bool = False, warn: bool = False, do: str) -> Finding:
    """Give a finding with its level; what to do is said only where something is wrong."""
    level = "bad" if bad else "warn" if warn else "ok"
    return Finding(level, found, do if level != "ok" else "")
