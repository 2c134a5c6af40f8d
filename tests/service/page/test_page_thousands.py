"""The page while ten jobs of a thousand images run: it hears of them all the time, and answers every click."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.service.page.browsing import Visit
from tests.service.serving import Served, images
from tests.service.test_thousands import EACH, JOBS, check_all, submit_all

SILENCE = 4.0
"""Seconds between two events at most, while something runs: 2, and as much again for what else the machine does."""

ANSWER = 5.0
"""Seconds in which a click must be answered, on a machine that is busy with all of this."""

_LISTEN = """() => {
  window.heard = []
  const line = new EventSource("/api/v1/events")
  for (const name of ["snapshot", "job", "progress"])
    line.addEventListener(name, event => heard.push([performance.now() / 1000, JSON.parse(event.data).status ?? ""]))
}"""

_SHOWN = """() => {
  window.painted = []
  new MutationObserver(() => painted.push(performance.now() / 1000))
    .observe(document.getElementById("main"), { childList: true, subtree: true, characterData: true, attributes: true })
}"""


@pytest.fixture
def server() -> Iterator[ImageServer]:
    """Give a server of small images."""
    with images(latency=0.005) as running:
        yield running


@pytest.mark.timeout(240)
def test_the_page_is_live_throughout(visit: Callable[..., Visit], server: ImageServer, tmp_path: Path) -> None:
    """Ten jobs at once: events and pictures of them never stop, clicks are answered, counts are right, no complaint."""
    with Served(tmp_path / "data", "--allow-host", "127.0.0.1") as service:
        here = visit(service.url)
        here.see("#list")
        here.page.evaluate(_LISTEN)
        here.page.evaluate(_SHOWN)
        jobs = submit_all(service, server)
        longest = _click_until_done(here, service, jobs)
        check_all(service, server, jobs)
        here.page.evaluate("location.hash = '#/'")
        here.see(".job-row:nth-child(10) .chip[data-state=done]")
        rows = here.page.locator(".job-row").all_inner_texts()
        assert len(rows) == JOBS
        assert all(f"{EACH:,} of {EACH:,} images" in row for row in rows), rows
        gaps = {name: _longest_gap(here.page.evaluate(name)) for name in ("heard.map(([at]) => at)", "painted")}
        print(f"longest silence {gaps}, longest answer {longest:.2f} s")  # noqa: T201 - shown with -s
        assert max(gaps.values()) < SILENCE
        assert longest < ANSWER
        here.leave()


def _click_until_done(here: Visit, service: Served, jobs: list[str]) -> float:
    """Go to a job and back, again and again; gives the longest that an answer took."""
    longest, number = 0.0, 0
    while any(job["status"] != "done" for job in service.get("/api/v1/jobs")["jobs"]):
        begun = time.monotonic()
        here.see(f".job-row a[href='#/jobs/{jobs[number % JOBS]}']").click()
        here.see("article.job .job-head .chip")
        middle = time.monotonic()
        here.see(".back").click()
        here.see(".job-row")
        longest = max(longest, middle - begun, time.monotonic() - middle)
        number += 1
    assert number > JOBS
    return longest


def _longest_gap(times: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(times))
