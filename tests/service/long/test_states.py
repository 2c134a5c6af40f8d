"""Jobs that are stopped, and services that die: nothing that was committed is lost or asked again."""

import os
import signal
import subprocess
from pathlib import Path

from downloader.imageserver import ImageServer
from tests.doors.running import arguments, environment, rows, saved
from tests.service.long.jobs import COUNT, begun, check_whole, folder_of
from tests.service.serving import Served, image_urls, images


def test_a_paused_job_asks_nothing_until_it_is_resumed(service: Served, server: ImageServer) -> None:
    """Transfers under way finish, then the server hears nothing; resumed, the job ends as if nothing had been."""
    job = begun(service, server)
    assert service.say(job, "pause").json()["status"] == "paused"
    service.until(job, lambda found: found["in_flight"] == 0)
    asked = server.hits.total()
    [process] = service.children()
    with service.events(f"/api/v1/jobs/{job}/events") as events:
        for _ in range(5):  # beats of a process that is alive and does nothing
            next(event for event in events if event.name == "progress")
    assert server.hits.total() == asked
    assert service.say(job, "resume").json()["status"] == "running"
    assert service.children() == [process]
    assert service.ended(job)["counts"]["saved"] == COUNT
    assert set(server.hits.values()) == {1}
    check_whole(service, job)


def test_a_paused_job_lets_another_have_its_place(service: Served, server: ImageServer) -> None:
    """With one place, the next in the queue runs while the first is paused; resumed, that waits and then goes on."""
    job = begun(service, server)
    service.say(job, "pause")
    other = service.submit(image_urls(server, 20, first=COUNT))
    assert service.ended(other)["counts"]["saved"] == 20
    assert service.job(job)["status"] == "paused"
    assert service.children() == []
    service.say(job, "resume")
    assert service.ended(job)["counts"]["saved"] == COUNT
    check_whole(service, job)
    assert server.hits.total() <= COUNT + 20 + 8  # what a drain left behind at most


def test_a_cancelled_job_keeps_what_it_has(service: Served, server: ImageServer) -> None:
    """Soon it asks nothing more; its manifest is true, and resume goes on from there."""
    job = begun(service, server)
    assert service.say(job, "cancel").json()["status"] == "draining"
    found = service.ended(job)
    assert found["status"] == "cancelled"
    assert 40 <= found["counts"]["saved"] < COUNT
    assert len(saved(folder_of(service, job))) == found["counts"]["saved"]
    service.say(job, "resume")
    assert service.ended(job)["status"] == "done"
    check_whole(service, job)


def test_the_hosts_of_a_job_outlive_the_service(service: Served, server: ImageServer) -> None:
    """The table as it stood last is in the snapshot of the next life."""
    job = service.submit(image_urls(server, 20))
    service.ended(job)
    service.terminate()
    service.restart()
    with service.events(f"/api/v1/jobs/{job}/events") as events:
        [host] = next(events).data["hosts"]
    assert (host["host"], host["in_flight"]) == (f"127.0.0.1:{server.port}", 0)


def test_two_services_do_not_share_afolder_of(service: Served) -> None:
    """Each job would run twice: the second is refused in one sentence."""
    ran = subprocess.run(
        arguments("serve", "--port", 0, "--data", service.data),
        env=environment(), check=False, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert (ran.returncode, "another service is at work" in ran.stderr) == (2, True)


def test_queued_jobs_wait_their_turn(service: Served, server: ImageServer) -> None:
    """One runs at a time where one may; a queued one can be cancelled before it begins."""
    first = service.submit(image_urls(server, 60))
    second, third = service.submit(image_urls(server, 5)), service.submit(image_urls(server, 5))
    assert service.job(second)["status"] == service.job(third)["status"] == "queued"
    assert service.say(second, "cancel").json()["status"] == "cancelled"
    assert service.ended(third)["started"] >= service.job(first)["ended"]
    assert service.job(second)["started"] is None


def test_a_crash_is_the_jobs_own_failure(service: Served, server: ImageServer) -> None:
    """A process that is killed fails its job with the reason, the next job runs, and resume loses nothing."""
    job = begun(service, server)
    other = service.submit(image_urls(server, 5))
    [process] = service.children()
    os.kill(process, signal.SIGKILL)
    found = service.ended(job)
    assert found["status"] == "failed"
    assert "SIGKILL" in found["reason"]
    committed = {row["url"] for row in rows(folder_of(service, job)) if row["status"] == "saved"}
    assert len(committed) >= 40
    assert service.ended(other)["status"] == "done"
    hits = dict(server.hits)
    service.say(job, "resume")
    assert service.ended(job)["status"] == "done"
    assert [
        url
        for index, url in enumerate(image_urls(server, COUNT))
        if url in committed and server.hits[index] > hits[index] and index >= 5
    ] == []
    check_whole(service, job)


def test_a_killed_service_goes_on_where_it_was(service: Served, server: ImageServer) -> None:
    """kill -9: children leave at once; started again, the running job goes on and the queued one is still queued.

    Nothing that was committed is asked twice.
    """
    job = begun(service, server)
    queued = service.submit(image_urls(server, 5, first=COUNT))
    paused = service.submit(image_urls(server, 5, first=COUNT + 5))
    service.say(paused, "pause")
    [process] = service.children()
    service.kill()
    _wait_for_the_end_of(process)
    committed = {row["index"] for row in rows(folder_of(service, job)) if row["status"] == "saved"}
    assert 40 <= len(committed) < COUNT
    hits = dict(server.hits)
    service.restart()
    assert service.job(queued)["status"] in ("queued", "running")
    assert service.ended(job)["counts"] == {"saved": COUNT, "skipped": 0, "failed": 0}
    assert [index for index in committed if server.hits[index] != hits[index]] == []
    check_whole(service, job)
    assert service.ended(queued)["status"] == "done"
    assert service.job(paused)["status"] == "paused"


def _wait_for_the_end_of(process: int) -> None:
    import time

    for _ in range(200):
        if not Path(f"/proc/{process}").exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"process {process} outlived its service by 10 s")


def test_a_terminated_service_drains_and_goes_on(service: Served, server: ImageServer) -> None:
    """SIGTERM: what is under way is finished and committed, exit 0 within 25 s; then the job goes on."""
    job = begun(service, server)
    status, took = service.terminate()
    assert (status, took < 25) == (0, True)
    committed = [row["index"] for row in saved(folder_of(service, job))]
    assert sum(server.hits.values()) == len(committed)  # all that was asked for is there
    service.restart()
    assert service.ended(job)["status"] == "done"
    assert set(server.hits.values()) == {1}
    check_whole(service, job)


def test_a_hanging_transfer_does_not_hold_up_the_end(data: Path) -> None:
    """A server that takes a minute for an image is not waited for: gone within 25 s, exit 0."""
    with images(latency=55.0) as server, Served(data, "--allow-host", "127.0.0.1") as service:
        job = service.submit(image_urls(server, 3))
        service.until(job, lambda found: found["in_flight"] > 0)
        status, took = service.terminate()
    assert (status, took < 25) == (0, True)
