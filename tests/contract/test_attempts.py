"""What an engine makes for each attempt, and what is left of it."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.job import Job, run_job
from downloader.model import AttemptEnded, Event, Line
from downloader.policy.exchange import Exchange
from downloader.settings import Settings
from tests.contract.conftest import QUICK
from tests.support.hostile import HostileServer

FAILING = ("/page.jpg", "/404.jpg", "/chunked-cut.jpg", "/gzip-corrupt.jpg")


def events(engine: str, folder: Path, urls: list[str], *, attempts: bool) -> list[Event]:
    """Run a job; gives what its observers were told."""
    told: list[Event] = []
    settings = Settings.of(**QUICK | {"engine": engine, "output": str(folder)})
    run_job(Job([Line(url) for url in urls], settings, attempts=attempts), None, [told.append])
    return told


@pytest.mark.parametrize("attempts", [True, False])
def test_attempts_are_told_of_where_somebody_hears(
    engine: str, hostile: HostileServer, tmp_path: Path, attempts: bool
) -> None:
    """Each attempt, those that are made again too, or none; everything else is told either way."""
    urls = [hostile.url(path) for path in ("/good.jpg", "/500-once.jpg", "/page.jpg")]
    told = events(engine, tmp_path, urls, attempts=attempts)
    ended = [event for event in told if isinstance(event, AttemptEnded)]
    assert len(ended) == (4 if attempts else 0)
    assert {type(event).__name__ for event in told} - {"AttemptEnded"} == {"Committed", "ListEnded"}


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Have nobody look for cycles."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_failures_leave_nothing_to_collect(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """A failure's traceback holds the body that brought it: it is let go with the attempt, not at some later look."""
    urls = [hostile.url(f"{path}?{number}") for number in range(40) for path in FAILING]
    before = living()
    told = events(engine, tmp_path, urls, attempts=False)
    assert living() - before <= QUICK["jobs"]
    assert told


def living() -> int:
    """Count the attempts that somebody still holds."""
    return sum(isinstance(each, Exchange) for each in gc.get_objects())
