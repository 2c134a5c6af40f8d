"""The door for Python programs."""

import asyncio
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downloader.errors import InputError
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Outcome, Report
from downloader.ports import Control
from downloader.settings import Intake, Settings
from downloader.sources.files import chosen
from downloader.surroundings import Surroundings

if TYPE_CHECKING:
    from downloader.comparison.figures import Figures
    from downloader.comparison.raw import Comparison
    from downloader.imageserver import Plan as Serving


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


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found: one sentence, what makes it doubtful, and all that was measured."""

    verdict: str
    identical: bool  # whether all engines stored the same bytes; no time counts otherwise
    warnings: tuple[str, ...]
    figures: "tuple[Figures, ...]"  # an engine each, in the order asked for
    comparison: "Comparison"


def compare(
    urls: Iterable[str] | None = None,
    *,
    engines: Sequence[str] = ("sequential", "thread", "async"),
    runs: int = 5,
    sweep: Sequence[int] = (),
    server: "Serving | None" = None,
    images: int = 200,
    report: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    **changes: Any,
) -> Compared:
    """Run the same job under each engine, each run in a process of its own, and say which is faster.

    Without ``urls`` it fetches so many ``images`` of a built-in server on 16 addresses, or of the ``server`` planned.
    ``report`` names a page to write. ``changes`` are settings by their names, as for ``download``.

    Raises UsageError for a bad setting or engine, InputError when ``urls`` is empty, OutputError where the report
    cannot be written.
    """
    from downloader.comparison import raw, verdict
    from downloader.comparison import report as page
    from downloader.comparison.courses import EVEN, Order, on_list, on_server
    from downloader.comparison.figures import figures
    from downloader.comparison.race import compare as race
    from downloader.imageserver import Plan as Serving

    base = settings or Settings.of(**(EVEN if urls is None else {}))
    order = Order(engines, base.replace(**changes), Surroundings.of(os.environ), runs, sweep)
    with ExitStack() as stack:
        if urls is None:
            plan = stack.enter_context(on_server(order, server or Serving(hosts=16), images))
        else:
            plan = on_list(order, [line.url for line in _Urls(urls, order.settings.intake)])
        found = raw.read(race(plan, "downloader.compare()"))
    if report:
        page.write(found, Path(report))
    return Compared(
        verdict.verdict(found),
        not verdict.differing(found),
        tuple(verdict.warnings(found)),
        tuple(figures(found)),
        found,
    )


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
