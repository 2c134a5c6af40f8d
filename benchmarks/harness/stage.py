"""What every row of the benchmark gets: how much to run, where, and of which tools."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.contest import Contest
from harness.ours import ours
from harness.peers import PEERS
from harness.turns import Course, Tool, Track


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a row: Markdown for people, and the same and more for programs."""

    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """How much to run, where, and of which tools.

    ``downloader`` is our command, ``cache`` keeps corpora and environments between benchmarks, ``folder`` holds all
    runs until the end, ``wanted`` names the tools that run (none: all), ``jobs`` those of the rows of latency,
    ``longest`` the most images of any list.
    """

    downloader: Sequence[str]
    cache: Path
    folder: Path
    rounds: int
    quick: bool = False
    wanted: frozenset[str] = frozenset()
    jobs: Sequence[int] = ()
    longest: int | None = None

    def length(self, whole: int, quick: int) -> int:
        """Choose the length of a list: that of a whole benchmark, or that of a quick one."""
        length = quick if self.quick else whole
        return min(length, self.longest or length)

    def asked(self, names: Iterable[str]) -> Sequence[str]:
        """Give those of the names that run."""
        return [name for name in names if not self.wanted or name in self.wanted]

    def room(self, row: str) -> Path:
        """Give a new folder for the runs of a row."""
        folder = self.folder / row
        folder.mkdir()
        return folder

    def track(self, row: str, server: Any) -> Track:
        """Give where the tools of a row run; ``server`` is what serves, with its clock of CPU seconds."""
        return Track(self.room(row), server.cpu)

    def tools(self, contest: Contest, names: Iterable[str], images: Mapping[str, int]) -> Sequence[Tool]:
        """Give ours and peers by name, as far as they are here; ``images`` says how long each one's list is."""
        makers = {peer.name: peer for peer in PEERS}

        def make(name: str) -> Tool:
            if name in makers:
                return makers[name].tool(self.cache, images[name])
            return ours(self.downloader, name)

        return contest.gather((name, lambda name=name: make(name)) for name in self.asked(names))


def courses(urls: Sequence[str], proof: Any, lengths: Iterable[int]) -> Mapping[int, Course]:
    """Give a course of the first URLs for each length."""
    return {length: Course(f"{length:,} images", urls[:length], proof) for length in set(lengths)}
