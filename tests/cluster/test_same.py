"""A job ends the same, however many processes share it."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from downloader import Report, download
from downloader.job import Job, run_job
from downloader.model import AttemptEnded, Committed, Event, Known, Line, ListEnded, Notice, Standing
from downloader.settings import Settings
from tests.cluster.mixed import Even, Mixed, leftovers, shown
from tests.doors.running import files, saved
from tests.support.storm import answer
from tests.support.watching import LINUX

pytestmark = LINUX

PROCESSES = (1, 2, 3)
HASTY = {"retries": 2, "backoff": "0.01:0.02", "allow_private": True, "netrc": "none", "jobs": 24}


def fetched(folder: Path, urls: list[str], processes: int, **changes: Any) -> Report:
    """Run a list."""
    return download(urls, folder, **HASTY | {"processes": processes} | changes)


@pytest.mark.parametrize("engine", ["thread", "async"])
def test_the_manifest_is_the_same(tmp_path: Path, engine: str) -> None:
    """Of every row status, code, path, bytes and attempts; failures, redirects, retries and twins among them."""
    tables, reports = [], []
    for processes in PROCESSES:
        with Mixed() as server:
            folder = tmp_path / str(processes)
            report = fetched(folder, server.urls(1000), processes, engine=engine)
            origin = f":{server.port}/"
        table = [tuple(str(each).replace(origin, "/") for each in row) for row in shown(folder)]
        tables.append(table)
        reports.append((report.saved, report.skipped, dict(report.failed), report.attempts, report.bytes, report.lines))
        assert files(folder) == {row["path"] for row in saved(folder)}
        assert list(leftovers(folder)) == []
    assert tables[0] == tables[1] == tables[2]
    assert reports[0] == reports[1] == reports[2]
    assert Counter(row[3] for row in tables[0])["None"] > 700


@pytest.mark.parametrize("name", ["{stem}", "{host}/{original}", "{sha256}"])
def test_names_are_the_same(tmp_path: Path, name: str) -> None:
    """Where a template gives one name to several images, the first of the list has it, whoever is faster."""
    tables = []
    with Even() as server:
        # The same names at each of six hosts.
        urls = [server.url(host, number) for number in range(60) for host in range(6)]
        for processes in PROCESSES:
            folder = tmp_path / str(processes)
            assert fetched(folder, urls, processes, engine="async", name=name).saved == 360
            tables.append(shown(folder))
            assert files(folder) == {row["path"] for row in saved(folder)}
    assert tables[0] == tables[1] == tables[2]


def test_work_on_images_is_shared(tmp_path: Path) -> None:
    """Each process has its part of the workers, and what comes of an image is the same."""
    tables = []
    with Even() as server:
        for processes in (1, 2):
            folder = tmp_path / str(processes)
            steps = {"process": ["resize=32,center-crop", "fingerprint"], "min_side": 1, "workers": 2}
            assert fetched(folder, server.urls(60), processes, engine="async", **steps).saved == 60
            tables.append([(row["path"], row["sha256"], row["steps"], row["fields"]) for row in saved(folder)])
    assert tables[0] == tables[1]
    assert tables[0][0][2] == "decode,resize,fingerprint"


def test_a_second_run_asks_what_is_missing_alone(tmp_path: Path) -> None:
    """Resuming with another number of processes: what is done is done."""
    with Mixed() as server:
        urls = server.urls(600)
        fetched(tmp_path, urls[:300], 3, engine="async")
        asked = server.asked.copy()
        report = fetched(tmp_path, urls, 2, engine="async")
        again = [number for (_, number), hits in (server.asked - asked).items() if number < 300 and hits]
        assert {number % 25 for number in again} == {7}  # what is transient
        assert report.lines == len(urls) == report.total


def test_what_must_wait_long_makes_room_for_the_others(tmp_path: Path) -> None:
    """Tickets that rest are parked with the parent, though they fill what is read ahead, and come again."""

    class Resting(Even):
        def judged(self, host: str, number: int) -> bytes:
            if host.endswith(".1") and time.monotonic() < self.first_hit + 12:
                return answer(b"", "429 Too Many Requests", "Retry-After: 12")
            return super().judged(host, number)

    with Resting(hosts=4) as server:
        urls = [server.url(0, number) for number in range(200)]
        urls += [server.url(1 + number % 3, number) for number in range(200, 500)]
        order: list[int] = []

        def watch(event: Event) -> None:
            if isinstance(event, Committed):
                order.extend(outcome.task.index for outcome in event.outcomes)

        settings = Settings.of(**HASTY | {"processes": 2, "engine": "async", "look_ahead": 60, "output": tmp_path})
        report = run_job(Job([Line(url) for url in urls], settings), None, [watch])
        assert (report.saved, report.failures) == (500, 0)
        assert max(order.index(index) for index in range(200, 500)) < order.index(199)
        assert list(leftovers(tmp_path)) == []


def test_observers_hear_the_same(tmp_path: Path) -> None:
    """Every attempt once, how the job stands with all hosts, the end of the list and what was known."""
    heard: list[Event] = []
    with Mixed(latency=0.02) as server:
        urls = server.urls(600)
        settings = Settings.of(**HASTY | {"processes": 3, "engine": "async", "output": tmp_path, "per_host": 4})
        job = Job([Line(url) for url in urls], settings, measure=True, watched=True)
        report = run_job(job, None, [heard.append])
        attempts = [event for event in heard if isinstance(event, AttemptEnded)]
        hosts = {f"{address}:{server.port}" for address in server._addresses}
        again = run_job(Job([Line(url) for url in urls], settings), None, [heard.append])
    assert len({(each.task.index, each.number) for each in attempts}) == len(attempts)
    assert len(attempts) == report.attempts
    assert all(each.phases and each.phases.start for each in attempts)
    outcomes = [outcome for event in heard if isinstance(event, Committed) for outcome in event.outcomes]
    assert all(outcome.effort.phases.write > 0 for outcome in outcomes[:100] if outcome.status == "saved")
    standings = [event for event in heard if isinstance(event, Standing)]
    assert {state.name for each in standings for state in each.hosts} == hosts
    assert max(each.in_flight for each in standings) <= 24
    assert [event.lines for event in heard if isinstance(event, ListEnded)] == [len(urls)] * 2
    assert max(event.count for event in heard if isinstance(event, Known)) == again.known
    assert [event.text for event in heard if isinstance(event, Notice)] == []
