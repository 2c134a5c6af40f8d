"""Jobs that end before their list does: at a bound, by a word, by a crash; and what is asked again then."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.service.long.jobs import COUNT, begun, check_whole
from tests.service.serving import LIMIT, Served, image_urls, images


def test_failures_of_a_cancelled_job_are_asked_again(service: Served, server: ImageServer) -> None:
    """Only these; the rest of its list still is for resume, and the job says so. A running job is a conflict."""
    lost = [server.url(index) + ".gone" for index in range(3)]
    job = service.submit([*lost, *image_urls(server, COUNT)])
    service.until(job, lambda found: found["counts"]["saved"] >= 40 and found["counts"]["failed"] == 3)
    reply = service.say(job, "retry?code=not-found")
    assert reply.status_code == 409
    assert "it is running; only these can: cancelled, done, failed" in reply.json()["detail"]
    service.say(job, "cancel")
    before, hits = service.ended(job), server.hits.total()
    assert service.say(job, "retry?code=not-found").json()["status"] == "queued"
    after = service.ended(job)
    assert (after["status"], after["counts"]) == ("cancelled", before["counts"])
    assert "resume" in after["reason"]
    assert server.hits.total() == hits  # the failures have no number
    service.say(job, "resume")
    found = service.ended(job)
    assert (found["status"], found["counts"]) == ("done", {"saved": COUNT, "skipped": 0, "failed": 3})


def test_failures_of_a_job_that_crashed_are_asked_again(service: Served, server: ImageServer) -> None:
    """Whatever ended it."""
    job = service.submit([server.url(0) + ".gone", *image_urls(server, COUNT)])
    service.until(job, lambda found: found["counts"]["saved"] >= 40 and found["counts"]["failed"] == 1)
    [process] = service.children()
    os.kill(process, signal.SIGKILL)
    assert service.ended(job)["status"] == "failed"
    assert service.say(job, "retry").status_code == 202
    assert service.ended(job)["codes"] == {"not-found": 1}
    assert service.say(job, "resume").status_code == 202
    assert service.ended(job)["counts"] == {"saved": COUNT, "skipped": 0, "failed": 1}


def test_a_process_that_hears_nothing_is_ended(service: Served, server: ImageServer) -> None:
    """One that stands still when its job is cancelled is killed; what it had committed is true."""
    job = begun(service, server)
    [process] = service.children()
    os.kill(process, signal.SIGSTOP)
    assert service.say(job, "cancel").json()["status"] == "draining"
    assert service.ended(job)["status"] == "cancelled"
    assert service.children() == []
    service.say(job, "resume")
    assert service.ended(job)["status"] == "done"
    check_whole(service, job)


def test_a_job_past_its_bytes_is_stopped(data: Path) -> None:
    """The bytes of a job are bounded; it says so, and keeps what it has."""
    with images(size=10_000) as server:
        with Served(data, "--allow-host", "127.0.0.1", "--max-job-bytes", "200k") as service:
            job = service.ended(service.submit(image_urls(server, 3000)))
            assert job["status"] == "failed"
            assert "bytes" in job["reason"]
            assert 200 << 10 <= job["bytes"] < 20_000_000


def test_a_job_past_its_pixels_is_stopped(data: Path) -> None:
    """Of images that are worked on the pixels of a job are bounded, over all its runs; of others none are counted."""
    with images(size=10_000) as server:
        with Served(data, "--allow-host", "127.0.0.1", "--max-job-pixels", "20k") as service:
            stored = service.ended(service.submit(image_urls(server, 300)))
            assert (stored["status"], stored["counts"]["saved"]) == ("done", 300)
            job = service.ended(service.submit(image_urls(server, 3000), process=["resize=32"]))
            assert (job["status"], "pixels" in job["reason"]) == ("failed", True)
            assert 0 < job["counts"]["saved"] < 3000
            service.say(job["id"], "resume")
            again = service.ended(job["id"])
            assert (again["status"], "pixels" in again["reason"]) == ("failed", True)
            assert again["counts"]["saved"] < job["counts"]["saved"] + 1000


def test_a_job_without_room_is_stopped(data: Path) -> None:
    """Below --min-free a job ends with the reason, and the next one is taken up."""
    with images() as server, Served(data, "--allow-host", "127.0.0.1", "--min-free", "900T") as service:
        for _ in range(3):
            job = service.ended(service.submit(image_urls(server, 5)))
            assert (job["status"], "--min-free" in job["reason"]) == ("failed", True)


def test_a_full_disk_takes_no_jobs(data: Path) -> None:
    """Below the floor the service says that it is not ready, and refuses jobs with 507."""
    with Served(data, "--disk-floor", "900T") as service:
        ready = service.ask("GET", "/readyz")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert service.ask("GET", "/healthz").status_code == 200
        refused = service.ask("POST", "/api/v1/jobs", json={"urls": ["http://example.com/a.jpg"]})
        assert refused.status_code == 507


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 12 MB, where the machine lets us make one."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("no disk can be mounted here: that takes root")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_disk_that_fills_up_loses_no_job(small: Path, server: ImageServer) -> None:
    """Full to the last byte, the service answers and says so; with room again, its jobs end as what they are."""
    with Served(small / "data", "--allow-host", "127.0.0.1", "--max-running", 1, "--disk-floor", 0) as service:
        first, second = (service.submit(image_urls(server, 100, first=100 * each)) for each in (0, 1))
        service.until(first, lambda found: found["counts"]["saved"] >= 20)
        with suppress(OSError), (small / "filled").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        assert service.ask("GET", "/readyz").status_code == 503
        assert service.ask("POST", "/api/v1/jobs", json={"urls": image_urls(server, 1)}).status_code == 507
        _gone(service, first)
        (small / "filled").unlink()
        states = {service.ended(job)["status"] for job in (first, second)}
        assert states <= {"failed", "done"}
        assert service.get("/readyz")["ready"]
        for job in (first, second):
            if service.job(job)["status"] == "failed":
                service.say(job, "resume")
            assert service.ended(job)["counts"]["saved"] == 100


def _gone(service: Served, job: str) -> None:
    """Wait until the disk was too small for the job, and for writing that down."""
    give_up = time.monotonic() + LIMIT
    while f"job {job}: cannot write" not in service.log:
        assert time.monotonic() < give_up, service.log
        time.sleep(0.05)
