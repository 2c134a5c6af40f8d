"""Tools that take turns on the same course, and the runs that count: those in which every image was stored."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.children import Usage, run


class Unfit(Exception):
    """A run that measures nothing: the tool failed, or did not store every image whole."""


@dataclass(frozen=True, slots=True)
class Tool:
    """How to run a tool on a list into a folder that is not there yet, and where it stored the image of each URL."""

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    stored: Callable[[Path], Mapping[str, Path]]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """What every tool is asked to fetch, and what must come of it.

    ``proof`` takes the file of each URL, raises Unfit unless all are as they must be, and gives figures of the result
    by name, such as its quality. ``limit`` is in seconds.
    """

    name: str
    urls: Sequence[str]
    proof: Callable[[Mapping[str, Path]], Mapping[str, float]]
    limit: float = 1800.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a tool on a course; ``server`` is the CPU that the server spent on it, in seconds."""

    tool: str
    course: str
    images: int
    usage: Usage
    server: float
    figures: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Give the images a second, from start to end."""
        return self.images / self.usage.seconds


@dataclass(frozen=True, slots=True)
class Track:
    """Where tools run: a folder that holds all runs until the end, and the server's clock of CPU seconds."""

    folder: Path
    server: Callable[[], float]

    def turns(self, tools: Sequence[Tool], courses: Sequence[Course], rounds: int) -> Iterator[Run]:
        """Run the tools in turn, A B A B, on every course in each round, so that a slower minute slows all alike.

        Raises Unfit at the first run that does not count.
        """
        lists = {course.name: self._write(course) for course in courses}
        for _, course, tool in itertools.product(range(rounds), courses, tools):
            yield self._run(tool, course, lists[course.name])

    def _write(self, course: Course) -> Path:
        path = self.folder / f"{course.name}.txt"
        path.write_text("".join(f"{url}\n" for url in course.urls), "utf-8")
        return path

    def _run(self, tool: Tool, course: Course, urls: Path) -> Run:
        folder, log = self._new()
        before = self.server()
        usage = run(tool.command(urls, folder), log, course.limit, tool.environment)
        server = self.server() - before
        if usage.status:
            said = log.read_text("utf-8", "replace")[-2000:]
            raise Unfit(f"{tool.name!r} ended with status {usage.status} on {course.name!r}, saying:\n{said}")
        try:
            figures = _proved(tool.stored(folder), course)
        except Unfit as unfit:
            raise Unfit(f"{tool.name!r} on {course.name!r}: {unfit}") from unfit
        return Run(tool.name, course.name, len(course.urls), usage, server, figures)

    def _new(self) -> tuple[Path, Path]:
        """Give a folder that is not there, with nothing of any earlier run, and a file for what the tool says."""
        number = next(number for number in itertools.count() if not (self.folder / f"{number}.log").exists())
        return self.folder / f"{number}", self.folder / f"{number}.log"


def _proved(stored: Mapping[str, Path], course: Course) -> Mapping[str, float]:
    missing = [url for url in course.urls if url not in stored]
    if missing:
        raise Unfit(f"{len(missing)} of {len(course.urls)} images are missing, the first of them {missing[0]!r}")
    if extra := len(stored) - len(set(course.urls)):
        raise Unfit(f"{extra} images were stored that nobody asked for")
    return course.proof(stored)
