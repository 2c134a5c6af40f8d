"""The service put together, as an aiohttp application."""

import fcntl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from aiohttp import web

from downloader.errors import UsageError
from downloader.manifest.database import translated
from downloader.service import api
from downloader.service.feeds import Feeds
from downloader.service.intake import Reception
from downloader.service.openapi import document
from downloader.service.operations import Operation
from downloader.service.problems import expected, problems
from downloader.service.security import Gate, add_headers, guarded
from downloader.service.serving import Serving
from downloader.service.static import page_routes
from downloader.service.store import Store
from downloader.service.supervisor import Supervisor
from downloader.service.thumbnails import Thumbnails


@dataclass(slots=True)
class Service:
    """What handlers may use."""

    serving: Serving
    store: Store
    feeds: Feeds
    supervisor: Supervisor
    gate: Gate
    thumbnails: Thumbnails
    reception: Reception
    lock: IO[bytes]  # held for as long as the service lives
    description: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, serving: Serving) -> "Service":
        """Open the data folder.

        Raises OutputError with one clear sentence where it cannot be written, UsageError where another service has it.
        """
        lock = _open(serving)
        store, feeds = Store(serving.data / "service.sqlite"), Feeds()
        return cls(
            serving,
            store,
            feeds,
            Supervisor(serving, store, feeds),
            Gate(serving),
            Thumbnails(serving.settings.filters.max_pixels),
            Reception(serving),
            lock,
        )

    def images(self, job: str) -> Path:
        """Give the folder of a job's images."""
        return self.supervisor.folder(job) / "images"


def _open(serving: Serving) -> IO[bytes]:
    """Make the folders, and lock them; a volume is often somebody else's, and two services would run each job twice."""
    with translated(serving.data):
        serving.jobs_folder.mkdir(parents=True, exist_ok=True)
        lock = (serving.data / "service.lock").open("ab")
        lock.truncate(0)  # a disk that cannot be written says so here
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise UsageError(
            f"another service is at work in {str(serving.data)!r}: end it first, or give this one a --data of its own"
        ) from error
    return lock


def application(service: Service, *before: Any) -> web.Application:
    """Make the application: routes from the tables, behind the walls; ``before`` are middlewares outside of these."""
    operations: Sequence[Operation] = api.OPERATIONS
    service.description = document(operations, service.serving)
    pages = list(page_routes())
    open_paths = frozenset(plain_of(each) for each in operations if each.open) | {path for path, _ in pages}
    app = web.Application(
        middlewares=[*before, problems, guarded(service.gate, open_paths)],  # type: ignore[list-item]  # aiohttp's own type is looser
        client_max_size=service.serving.bounds.body,
    )
    for operation in operations:
        app.router.add_route(operation.method, operation.path, operation.handler(service), expect_handler=expected)
    for path, handler in pages:
        app.router.add_get(path, handler, expect_handler=expected)
    app.on_response_prepare.append(add_headers)
    return app


def plain_of(operation: Operation) -> str:
    """Give an operation's path as aiohttp calls it."""
    return web.UrlDispatcher().add_resource(operation.path).canonical
