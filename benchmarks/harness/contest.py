"""Tools against each other on one row: who is here, turns, and what came of them."""

import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.packages import Absent
from harness.turns import Course, Fault, Run, Tool, Track

SHORT = 0.1
"""A run must take longer than its start-up by this share of it, or its rate after the start-up means nothing."""


@dataclass(slots=True)
class Contest:
    """The runs of each tool on the course and on a list of one image, and the tools without figures with the reason.

    ``commands`` are the command lines of those that are here.
    """

    runs: dict[str, list[Run]] = field(default_factory=dict)
    starts: dict[str, list[Run]] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)

    def gather(self, tools: Iterable[tuple[str, Callable[[], Tool]]]) -> Sequence[Tool]:
        """Give the tools that are here; the others are noted."""
        found = []
        for name, make in tools:
            try:
                found.append(make())
            except Absent as absent:
                self.out(name, f"not here: {absent}")
            else:
                self.commands[name] = line(found[-1].command(Path("LIST"), Path("FOLDER")))
        return found

    def hold(self, track: Track, start: Course, entries: Sequence[tuple[Tool, Course]], rounds: int) -> None:
        """Have each run on a list of one image, uncounted; then in each round again so, and on its course."""
        warm = [(tool, start) for tool, _ in entries]
        for result in track.turns(warm, 1):  # bytecode is written, and programs are read from the disk, once
            if isinstance(result, Fault):
                self._fault(result)
        fit = [(tool, course) for tool, course in entries if tool.name not in self.without]
        turns = [(tool, each) for tool, course in fit for each in (start, course)]
        for result in track.turns(turns, rounds):
            if isinstance(result, Fault):
                self._fault(result)
            else:
                kind = self.starts if result.course == start.name else self.runs
                kind.setdefault(result.tool, []).append(result)
                say(f"{result.tool}, {result.course}: {result.usage.seconds:.2f} s")

    def _fault(self, fault: Fault) -> None:
        """Take a tool's figures away: those of runs that were whole would stand beside ones that were not."""
        self.out(fault.tool, f"no figures: on {fault.course!r} {fault.reason}")
        self.runs.pop(fault.tool, None)
        self.starts.pop(fault.tool, None)

    def out(self, name: str, reason: str) -> None:
        """Note that a tool has no figures, and say so at once."""
        self.without[name] = reason
        say(f"{name}: {reason}")

    def start(self, tool: str) -> float:
        """Give the median start-up of a tool in seconds."""
        return statistics.median(run.usage.seconds for run in self.starts[tool])

    def rates(self, tool: str) -> Sequence[float]:
        """Give the images a second of each run from start to end."""
        return [run.rate for run in self.runs[tool]]

    def rates_after(self, tool: str) -> Sequence[float]:
        """Give the images a second of each run without the start-up; none where the runs are too short to tell."""
        start = self.start(tool)
        after = [(run.images - 1, run.usage.seconds - start) for run in self.runs[tool]]
        if any(seconds <= start * SHORT for _, seconds in after):
            return []
        return [images / seconds for images, seconds in after]


def line(command: Sequence[str]) -> str:
    """Give a command line without the folders of this machine, so that it reads the same everywhere."""
    return " ".join(Path(word).name if word.startswith("/") else word for word in command)


def say(text: str) -> None:
    """Tell on stderr how it goes."""
    print(text, file=sys.stderr, flush=True)
