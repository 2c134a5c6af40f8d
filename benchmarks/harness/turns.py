"""Tools that take turns on the same course, and the runs that count: those in which every image was stored."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.children import Usage, run


class Unfit(Exception):
    """A run that measures nothing: the tool failed, or did not store every image whole."""


def plain(urls: Sequence[str], _: Path) -> str:
    """Give a list as most tools take it: a URL a line."""
    return "".join(f"{url}\n" for url in urls)


@dataclass(frozen=True, slots=True)
class Tool:
    """How to run a tool on a list into an empty folder, and where it stored the image of each URL.

    ``command`` takes the list's file and the folder, ``stored`` the URLs and the folder; files that belong to no URL
    come under their own path. ``listing`` makes the list's text. Nothing but the command is timed.
    """

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    stored: Callable[[Sequence[str], Path], Mapping[str, Path]]
    environment: Mapping[str, str] = field(default_factory=dict)
    listing: Callable[[Sequence[str], Path], str] = plain


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
class Fault:
    """Why a tool has no figures: it failed, or did not store all."""

    tool: str
    course: str
    reason: str


@dataclass(frozen=True, slots=True)
class Track:
    """Where tools run: a folder that holds all runs until the end, and the server's clock of CPU seconds."""

    folder: Path
    server: Callable[[], float]

    def turns(self, entries: Sequence[tuple[Tool, Course]], rounds: int) -> Iterator[Run | Fault]:
        """Run the tools in turn, each on its course, A B A B, so that a slower minute slows all alike.

        A tool with a fault takes no more turns.
        """
        out = set()
        for _, (tool, course) in itertools.product(range(rounds), entries):
            if tool.name in out:
                continue
            try:
                yield self._run(tool, course)
            except Unfit as unfit:
                out.add(tool.name)
                yield Fault(tool.name, course.name, str(unfit))

    def _run(self, tool: Tool, course: Course) -> Run:
        folder, urls, log = self._new()
        urls.write_text(tool.listing(course.urls, folder), "utf-8")
        before = self.server()
        usage = run(tool.command(urls, folder), log, course.limit, tool.environment)
        server = self.server() - before
        if usage.status:
            said = " ".join(log.read_text("utf-8", "replace")[-500:].split())
            raise Unfit(f"it ended with status {usage.status}, saying {said!r}")
        if len(course.urls) > 1:
            os.sync()  # or the next tool would wait for this one's files; and what is written can be forgotten
        return Run(tool.name, course.name, len(course.urls), usage, server, proved(tool, course, folder))

    def _new(self) -> tuple[Path, Path, Path]:
        """Give an empty folder, with nothing of any earlier run, and files for the list and for what the tool says."""
        number = next(number for number in itertools.count() if not (self.folder / f"{number}").exists())
        folder = self.folder / f"{number}"
        folder.mkdir()
        return folder, self.folder / f"{number}.txt", self.folder / f"{number}.log"


def proved(tool: Tool, course: Course, folder: Path) -> Mapping[str, float]:
    """Give the figures of what a tool stored; raises Unfit unless that is all that was asked for, and nothing else."""
    stored = tool.stored(course.urls, folder)
    missing = [url for url in course.urls if url not in stored]
    if missing:
        raise Unfit(f"{len(missing)} of {len(course.urls)} images are missing, the first of them {missing[0]!r}")
    if extra := stored.keys() - set(course.urls):
        raise Unfit(f"{len(extra)} files were stored that nobody asked for, one of them {min(extra)!r}")
    return course.proof(stored)
