"""What the service answers, a file a resource; each brings its table of operations."""

from downloader.service.api import downloads, events, failures, health, images, items, jobs, session
from downloader.service.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *jobs.OPERATIONS,
    *items.OPERATIONS,
    *failures.OPERATIONS,
    *images.OPERATIONS,
    *events.OPERATIONS,
    *downloads.OPERATIONS,
    *session.OPERATIONS,
    *health.OPERATIONS,
)
