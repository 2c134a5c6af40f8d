"""The page's own files. What is not in the folder at the start is not served, so no path leads out of it."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from downloader.service.problems import Handler

FOLDER = Path(__file__).with_name("page")


def page_routes() -> Iterator[tuple[str, Handler]]:
    """Give a path and its handler for each file: index.html at /, the others under /page/."""
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        name = path.relative_to(FOLDER).as_posix()
        yield ("/" if name == "index.html" else f"/page/{name}"), _serving(path)


def _serving(path: Path) -> Handler:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"

    async def serve(_: web.Request) -> web.StreamResponse:
        # Asked again each time, answered 304: a page and its script are always of one version.
        return web.FileResponse(path, headers={"Content-Type": kind, "Cache-Control": "no-cache"})

    return serve
