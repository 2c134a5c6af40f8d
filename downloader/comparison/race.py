"""The runs of a comparison: each in a fresh process, in turn, the first of each engine thrown away."""

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import count, cycle
from pathlib import Path
from typing import Any

from downloader.comparison.others import Moment
from downloader.cores import cores
from downloader.errors import DownloaderError
from downloader.settings import Settings
from downloader.surroundings import Surroundings

LIMIT = 3600.0
"""Seconds that one run may take."""

SWEPT = 3
"""Runs of each engine at each width of a sweep: the knee is told by their medians."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine with a number of jobs; ``seat`` is its place among the engines, some of which may be the same."""

    engine: str
    jobs: int
    seat: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be compared: the list, the settings that all share, and who runs how often."""

    urls: Sequence[str]
    settings: Settings
    engines: Sequence[str]
    runs: int = 5
    sweep: Sequence[int] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    server: dict[str, Any] | None = None  # of the built-in server, for whoever reads the result
    tell: Callable[[str], None] = field(default=lambda _: None)


def compare(plan: Plan, command: str) -> dict[str, Any]:
    """Run all and give the raw data. Raises DownloaderError when a run cannot be made."""
    jobs = plan.settings.pace.jobs
    seats = list(enumerate(plan.engines))
    entries = [Entry(engine, jobs, seat) for seat, engine in seats]
    widths = [Entry(engine, width, seat) for width in plan.sweep for seat, engine in seats if engine != "sequential"]
    # All is deleted at the end: after a thousand deletions, files nearby cost ten times as much for minutes.
    with tempfile.TemporaryDirectory(prefix="compare-") as name:
        race = _Race(plan, Path(name))
        results = list(race.run(entries, plan.runs, warm=True))
        swept = list(race.run(widths, min(SWEPT, plan.runs), warm=False))
    return {
        "command": command,
        "environment": _environment(),
        "server": plan.server,
        "images": len(plan.urls),
        "jobs": jobs,
        "runs": plan.runs,
        "engines": list(plan.engines),
        "results": results,
        "sweep": swept,
    }


def turns(entries: Sequence[Entry], runs: int) -> Iterator[tuple[int, Entry]]:
    """Give who runs when: A B C, C B A, A B C and so on, so that whatever drifts hits all alike."""
    orders = cycle((list(entries), list(reversed(entries))))
    for number, order in zip(range(runs), orders, strict=False):
        yield from ((number, entry) for entry in order)


class _Race:
    """Runs entries one after another, each into a folder of its own."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folders = (folder / str(number) for number in count())

    def run(self, entries: Sequence[Entry], runs: int, *, warm: bool) -> Iterator[dict[str, Any]]:
        """Give the results; a warm-up of each entry goes before and is thrown away."""
        for entry in entries if warm else ():
            self._plan.tell(f"{entry.engine}, {entry.jobs} jobs: warming up")
            self._one(entry)
        for number, entry in turns(entries, runs):
            before = Moment.now()
            result = self._one(entry)
            others = before.others_until(Moment.now(), cores())
            result |= {"round": number, "seat": entry.seat, "others": others}
            self._plan.tell(f"{entry.engine}, {entry.jobs} jobs: {result['seconds']:.2f} s")
            yield result

    def _one(self, entry: Entry) -> dict[str, Any]:
        images = next(self._folders)
        chosen = self._plan.settings.replace(engine=entry.engine, jobs=entry.jobs, output=str(images), processes=1)
        orders = {
            "settings": _plain(chosen),
            "surroundings": self._plan.surroundings.plain(),
            "urls": list(self._plan.urls),
            "born": time.monotonic(),
        }
        ran = subprocess.run(
            [sys.executable, "-m", "downloader.comparison.child"],
            input=json.dumps(orders),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
        if ran.returncode:
            said = ran.stderr.strip().rpartition("\n")[2]
            raise DownloaderError(
                f"the run of {entry.engine!r} ended with status {ran.returncode}: {said}; "
                f"leave it out with --engines, or try it alone: downloader get --engine {entry.engine}"
            )
        result: dict[str, Any] = json.loads(ran.stdout)
        return result


def _plain(settings: Settings) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.flat().items()}


def _is_there(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _environment() -> dict[str, Any]:
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return {
        "python": f"{platform.python_version()} ({'GIL' if gil else 'free-threaded'})",
        "platform": platform.platform(),
        "cores": cores(),
        "packages": {name: version(name) for name in ("requests", "urllib3", "aiohttp", "pycurl") if _is_there(name)},
    }
