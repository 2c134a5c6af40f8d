"""Ten jobs of a thousand images at once, through the API: with and without a crash in the middle."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.doors.running import files, rows, saved
from tests.service.serving import LIMIT, Served, image_urls, images, in_parallel

JOBS, EACH = 10, 1000


@pytest.fixture
def server() -> Iterator[ImageServer]:
    """Give a server of small images."""
    with images(latency=0.005) as running:
        yield running


@pytest.fixture
def service(data: Path) -> Iterator[Served]:
    """Give a service that runs two jobs at a time."""
    with Served(data, "--allow-host", "127.0.0.1") as running:
        yield running


class _Visitor:
    """Somebody who looks at the page all the time; keeps the longest that an answer took."""

    def __init__(self, service: Served) -> None:
        self._service = service
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="visitor")
        self.longest = 0.0
        self.looks = 0

    def __enter__(self) -> "_Visitor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(LIMIT)

    def _look(self) -> None:
        import requests

        while not self._stop.wait(0.1):
            begun = time.monotonic()
            assert requests.get(f"{self._service.url}/api/v1/jobs", timeout=LIMIT).status_code == 200
            self.longest = max(self.longest, time.monotonic() - begun)
            self.looks += 1


def submit_all(service: Served, server: ImageServer) -> list[str]:
    """Submit all jobs at once."""
    urls = image_urls(server, JOBS * EACH)
    return in_parallel(JOBS, lambda number: service.submit(urls[number * EACH : (number + 1) * EACH]))


def check_all(service: Served, server: ImageServer, jobs: list[str]) -> None:
    """Every job is done, and its manifest is what stands in its folder."""
    for job in jobs:
        assert service.ended(job, 120)["counts"] == {"saved": EACH, "skipped": 0, "failed": 0}
        folder = service.data / "jobs" / job / "images"
        found = saved(folder)
        assert len(found) == EACH
        assert files(folder) == {row["path"] for row in found}
    assert server.most_at_once <= 8


@pytest.mark.timeout(240)
def test_ten_jobs_at_once(service: Served, server: ImageServer) -> None:
    """All done, manifests equal to the files, nothing asked twice, and the service answers throughout."""
    with _Visitor(service) as visitor:
        jobs = submit_all(service, server)
        check_all(service, server, jobs)
    assert set(server.hits.values()) == {1}
    assert visitor.looks > 20
    assert visitor.longest < 5.0


@pytest.mark.timeout(240)
def test_ten_jobs_and_a_crash(service: Served, server: ImageServer) -> None:
    """kill -9 of the service in the middle, and started again: the same end, nothing committed fetched twice."""
    jobs = submit_all(service, server)
    service.until(jobs[0], lambda _: server.hits.total() > JOBS * EACH // 3, 120)
    children = service.children()
    service.kill()
    give_up = time.monotonic() + LIMIT
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    committed = {
        row["url"] for job in jobs for row in rows(service.data / "jobs" / job / "images") if row["status"] == "saved"
    }
    hits = dict(server.hits)
    assert len(committed) > JOBS * EACH // 4
    service.restart()
    check_all(service, server, jobs)
    again = {
        server.url(index)
        for index in server.hits
        if server.hits[index] > max(1, hits.get(index, 0)) or server.hits[index] == 2
    }
    assert again & committed == set()
    assert len(again) <= 2 * 8  # at most what was under way
