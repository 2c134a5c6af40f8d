"""The service put together, as an aiohttp application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from downloader.manifest.database import translated
from downloader.service import api
from downloader.service.feeds import Feeds
from downloader.service.openapi import document
from downloader.service.operations import Operation
from downloader.service.problems import problems
from downloader.service.schema import Schema
from downloader.service.schemas import submission
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
    submission: Schema
    description: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, serving: Serving) -> "Service":
        """Open the data folder; raises OutputError with one clear sentence where it cannot be written."""
        _open(serving)
        store, feeds = Store(serving.data / "service.sqlite"), Feeds()
        return cls(
            serving,
            store,
            feeds,
            Supervisor(serving, store, feeds),
            Gate(serving),
            Thumbnails(serving.settings.filters.max_pixels),
            submission(serving),
        )

    def images(self, job: str) -> Path:
        """Give the folder of a job's images."""
        return self.supervisor.folder(job) / "images"


def _open(serving: Serving) -> None:
    """Make the folders, and see that they can be written: a volume is often somebody else's."""
    probe = serving.data / ".probe"
    with translated(serving.data):
        serving.jobs_folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()


def application(service: Service) -> web.Application:
    """Make the application: routes from the tables, behind the walls."""
    operations: Sequence[Operation] = api.OPERATIONS
    service.description = document(operations, service.serving)
    pages = list(page_routes())
    open_paths = frozenset(plain_of(each) for each in operations if each.open) | {path for path, _ in pages}
    app = web.Application(
        middlewares=[problems, guarded(service.gate, open_paths)],  # type: ignore[list-item]  # aiohttp's own type is looser
        client_max_size=service.serving.bounds.body,
    )
    for operation in operations:
        app.router.add_route(operation.method, operation.path, operation.handler(service))
    for path, handler in pages:
        app.router.add_get(path, handler)
    app.on_response_prepare.append(add_headers)
    return app


def plain_of(operation: Operation) -> str:
    """Give an operation's path as aiohttp calls it."""
    return web.UrlDispatcher().add_resource(operation.path).canonical
