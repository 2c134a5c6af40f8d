"""The door for Python programs."""

import asyncio
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from downloader.errors import InputError
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Outcome, Report
from downloader.ports import Control
from downloader.settings import Intake, Settings
from downloader.sources.files import chosen
from downloader.surroundings import Surroundings


class _Urls:
    """URLs from any iterable, as a source."""

    def __init__(self, urls: Iterable[str], intake: Intake) -> None:
        self._urls = [urls] if isinstance(urls, str) else urls
        self._intake = intake

    def __iter__(self) -> Iterator[Line]:
        return chosen((_line(url, number) for number, url in enumerate(self._urls)), self._intake)


def _line(url: object, number: int) -> Line:
    if not isinstance(url, str):
        raise InputError(f"item {number} of the URLs is {url!r}: give strings")
    return Line(url, f"item {number}")


def download(
    urls: Iterable[str], output: str | os.PathLike[str], *, settings: Settings | None = None, **changes: Any
) -> Report:
    """Download images into a folder and give the report, with every outcome of this run in the order of their indexes.

    ``changes`` are settings by their names, as on the command line: ``engine="async", jobs=64, timeout="2m"``. What an
    earlier run in the same folder has finished is not asked again and has no outcome here; the counts include it.

    Raises UsageError for a bad setting, InputError when ``urls`` is empty, OutputError when the disk is full or the
    folder cannot be written. An image that fails is a ``Failed`` among the outcomes, never an exception.
    """
    wanted = (settings or Settings()).replace(output=Path(output), **changes)
    outcomes: dict[int, Outcome] = {}  # by index: what is told again takes the place of what was

    def collect(event: Event) -> None:
        if isinstance(event, Committed):
            outcomes.update((outcome.task.index, outcome) for outcome in event.outcomes)

    job = Job(_Urls(urls, wanted.intake), wanted, surroundings=Surroundings.of(os.environ))
    report = _outside_of_loops(job, collect)
    return replace(report, outcomes=tuple(outcomes[index] for index in sorted(outcomes)))


def _outside_of_loops(job: Job, collect: Any) -> Report:
    """Run the job here, or in a thread where an event loop already runs in this one, as in a notebook."""
    if not _in_a_loop():
        return run_job(job, None, [collect])
    results: list[Report | BaseException] = []
    control = Control()

    def run() -> None:
        try:
            results.append(run_job(job, control, [collect]))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            results.append(error)

    thread = threading.Thread(target=run, name="download")
    thread.start()
    try:
        thread.join()
    except BaseException:
        control.drain("interrupt", 0.0)
        thread.join()
        raise
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
