"""Server-sent events, to a real client."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from downloader.service.feeds import WAITING, Feed
from tests.service.serving import Served, image_urls, images


def test_a_job_is_told_from_snapshot_to_done(data: Path) -> None:
    """Snapshot first, then progress at most four times a second, failures, and done with the last counts."""
    with images(latency=0.05) as server, Served(data, "--allow-host", "127.0.0.1") as service:
        job = service.submit([*image_urls(server, 400), server.url(0) + ".gone"])
        found = []
        with service.events(f"/api/v1/jobs/{job}/events") as events:
            for event in events:
                found.append(event)
                if event.name == "done":
                    break
    names = [event.name for event in found]
    assert names[0] == "snapshot"
    assert found[-1].data["counts"] == {"saved": 400, "skipped": 0, "failed": 1}
    assert [each["code"] for event in found if event.name == "failures" for each in event.data["failures"]] == [
        "not-found"
    ]
    told = [event for event in found if event.name == "progress"]
    assert len(told) >= 3
    assert len(told) <= 4 * (told[-1].at - told[0].at) + 2
    hosts = [host for event in told for host in event.data["hosts"]]
    assert {host["host"] for host in hosts} == {f"127.0.0.1:{server.port}"}
    assert max(host["in_flight"] for host in hosts) > 0
    assert any(host["p95"] for host in hosts)


def test_who_comes_back_misses_nothing(data: Path) -> None:
    """Behind Last-Event-ID come the events that were missed, once each, and no second snapshot."""
    with images(latency=0.03) as server, Served(data, "--allow-host", "127.0.0.1") as service:
        job = service.submit([*image_urls(server, 300), server.url(0) + ".gone"])
        with service.events(f"/api/v1/jobs/{job}/events") as events:
            last = next(events).id
        service.ended(job)
        found = []
        with service.events(f"/api/v1/jobs/{job}/events", **{"Last-Event-ID": last}) as events:
            for event in events:
                found.append(event)
                if event.name == "done":
                    break
        assert "snapshot" not in {event.name for event in found}
        assert {"progress", "failures"} <= {event.name for event in found}
        numbers = [int(event.id.partition("-")[2]) for event in found]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > int(last.partition("-")[2])
        with service.events(f"/api/v1/jobs/{job}/events", **{"Last-Event-ID": "00000000-7"}) as events:
            assert next(events).name == "snapshot"  # of another life: what was missed is not known


def test_the_list_of_jobs_is_told_too(data: Path) -> None:
    """A job that comes, runs and is deleted is heard of without asking."""
    with images() as server, Served(data, "--allow-host", "127.0.0.1") as service:
        with service.events("/api/v1/events") as events:
            assert next(events).data == {"jobs": []}
            job = service.submit(image_urls(server, 3))
            states = []
            for event in events:
                if event.name == "job":
                    states.append(event.data["status"])
                if states[-1:] == ["done"]:
                    break
            assert states[0] == "queued"
            service.ask("DELETE", f"/api/v1/jobs/{job}")
            assert next(event for event in events if event.name == "deleted").data == {"id": job}


def test_host_rests_are_told(data: Path, hostile: object) -> None:
    """A host that does not answer is left alone, and those who watch hear of it."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Served(data, "--allow-host", "127.0.0.1", "--backoff", "0.1:0.5") as service:
        job = service.submit([f"http://127.0.0.1:{port}/{n}.jpg" for n in range(8)], retries=2)
        with service.events(f"/api/v1/jobs/{job}/events") as events:
            rest = next(event for event in events if event.name in ("rest", "done"))
        assert rest.name == "rest", rest.data
        assert rest.data["host"] == f"127.0.0.1:{port}"


def test_a_silent_line_is_pinged(data: Path) -> None:
    """After 15 s without news comes a ping."""
    with Served(data) as service, service.events("/api/v1/events") as events:
        next(events)
        begun = time.monotonic()
        assert next(events).name == "ping"
        assert 13 < time.monotonic() - begun < 25


def test_a_slow_client_is_dropped_and_others_are_not() -> None:
    """What waits for a client is bounded: past that it is let go, and the feed goes on."""

    async def scene() -> tuple[list[bytes | None], int]:
        feed = Feed()
        with feed.listening() as slow, feed.listening() as quick:
            heard = 0
            for number in range(3 * WAITING):
                feed.tell("job", number)
                heard += quick.get_nowait() is not None
            left = [slow.get_nowait() for _ in range(slow.qsize())]
            return left, heard

    left, heard = asyncio.run(scene())
    assert left == [None]
    assert heard == 3 * WAITING


def test_a_feed_keeps_a_bounded_past() -> None:
    """What is too long ago is not claimed to be known, and of progress only the latest is kept."""
    feed = Feed()
    feed.tell("job", 0)
    first = feed.last_id
    for number in range(1000):
        feed.tell("progress", number)
    missed = feed.since(first)
    assert missed is not None
    assert len(missed) == 1
    for number in range(1000):
        feed.tell("job", number)
    assert feed.since(first) is None
    assert feed.since(feed.last_id) == []


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/jobs/JOB/events"])
def test_the_end_is_said_goodbye_to(data: Path, path: str) -> None:
    """On SIGTERM every stream hears bye and ends, before anything else is waited for."""
    with images(latency=5.0) as server, Served(data, "--allow-host", "127.0.0.1") as service:
        job = service.submit(image_urls(server, 50))
        service.until(job, lambda found: found["in_flight"] > 0)
        with service.events(path.replace("JOB", job)) as events:
            assert next(events).name == "snapshot"
            status, took = service.terminate()
            assert [event.name for event in events][-1] == "bye"
        assert (status, took < 25) == (0, True)
