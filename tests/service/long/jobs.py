"""Jobs that take some seconds, so that something can happen to them meanwhile."""

from pathlib import Path

from downloader.imageserver import ImageServer
from tests.doors.running import files, saved
from tests.service.serving import Served, image_urls

COUNT = 300
"""Images of a job."""


def folder_of(service: Served, job: str) -> Path:
    """Give the folder of a job's images."""
    return service.data / "jobs" / job / "images"


def begun(service: Served, server: ImageServer, **options: object) -> str:
    """Submit a job, and wait until some of its images are there."""
    job = service.submit(image_urls(server, COUNT), **options)
    service.until(job, lambda found: found["counts"]["saved"] >= 40)
    return job


def check_whole(service: Served, job: str) -> None:
    """Every image is there, whole, once; and no file that the manifest does not know."""
    found = saved(folder_of(service, job))
    assert [row["index"] for row in found] == list(range(COUNT))
    assert files(folder_of(service, job)) == {row["path"] for row in found}
