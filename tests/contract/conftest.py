"""What the contract tests share: every engine of the registry, and jobs small enough to wait for."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from downloader import Outcome, Report, download
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Notice
from downloader.registry import ENGINES
from downloader.settings import Settings
from downloader.surroundings import Surroundings

Fetch: TypeAlias = Callable[..., dict[str, Outcome]]

QUICK = {
    "retries": 1,
    "backoff": "0.01:0.02",
    "timeout": 30.0,
    "read_timeout": 20.0,
    "max_bytes": "4M",
    "per_host": 0,
    "jobs": 32,
    "allow_host": ["127.0.0.1"],
}


HASTY = QUICK | {"timeout": 2.0, "read_timeout": 1.0, "connect_timeout": 2.0}
"""For servers that never come to an end: a time-out is what is looked for."""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Give each engine's name in turn."""
    return str(request.param)


@pytest.fixture
def fetch(engine: str, tmp_path: Path) -> Fetch:
    """Give a function that fetches URLs with the engine and returns their outcomes by URL."""

    def fetch(urls: Iterable[str], **settings: Any) -> dict[str, Outcome]:
        return by_url(download(urls, tmp_path / "out", **QUICK | {"engine": engine} | settings))

    return fetch


def by_url(report: Report) -> dict[str, Outcome]:
    """Give a report's outcomes by their URLs."""
    return {outcome.task.url: outcome for outcome in report.outcomes}


@pytest.fixture
def ask(engine, tmp_path):
    """Give a function that fetches URLs with variables in the environment, and gives outcomes and notices."""

    def ask(*urls, variables=None, **settings):
        found, notices = {}, []

        def observe(event: Event) -> None:
            if isinstance(event, Committed):
                found.update((outcome.task.url, outcome) for outcome in event.outcomes)
            elif isinstance(event, Notice):
                notices.append(event.text)

        ours = {"engine": engine, "output": str(tmp_path / "out"), "netrc": "none"}
        surroundings = Surroundings.of(variables or {})
        job = Job([Line(url) for url in urls], Settings.of(**QUICK | ours | settings), surroundings=surroundings)
        run_job(job, None, [observe])
        return found, notices

    return ask
