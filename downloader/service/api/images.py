"""The images of a job: thumbnails made by us to look at, originals to keep and never to show."""

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from downloader.errors import Filtered, OutputError, ProcessError
from downloader.manifest.database import translated
from downloader.manifest.pages import one
from downloader.service.api.jobs import ONE
from downloader.service.openapi import PATTERNS
from downloader.service.operations import Ask, Operation, Reply
from downloader.service.problems import Problem
from downloader.service.reading import read
from downloader.service.thumbnails import Crowded

ITEM = f"{ONE}/items/{{index:{PATTERNS['index']}}}"

ALONE = "sandbox; default-src 'none'"
"""The policy of an original: whatever a browser takes it for, it runs nothing and belongs to nobody."""


async def item(ask: Ask) -> web.StreamResponse:
    """Give one item."""
    from downloader.service.api.items import shown

    return web.json_response(shown(ask.job, await _row(ask)))


async def original(ask: Ask) -> web.StreamResponse:
    """Give an image's bytes, as a file to keep."""
    path = await _path(ask)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{quote(path.name)}"',  # RFC 6266, and nothing in it to end it
        "Content-Security-Policy": ALONE,
    }
    return web.FileResponse(path, headers=headers)


async def thumbnail(ask: Ask) -> web.StreamResponse:
    """Give a small picture of an image: decoded and encoded by us, so that nothing of the original's bytes is left."""
    path = await _path(ask)
    kept = ask.service.supervisor.folder(ask.job) / "thumbnails" / f"{ask.request.match_info['index']}.webp"
    if not await asyncio.to_thread(kept.exists):
        await _make(ask, path, kept)
    return web.FileResponse(kept, headers={"Content-Type": "image/webp", "Cache-Control": "private, max-age=86400"})


async def _make(ask: Ask, image: Path, kept: Path) -> None:
    try:
        made = await ask.service.thumbnails.make(image)
    except Crowded as error:
        raise Problem(503, str(error), {"Retry-After": "1"}) from error
    except (Filtered, ProcessError) as error:
        raise Problem(415, f"there is no thumbnail of this image: {error}") from error
    except OutputError as error:
        raise Problem(503, str(error), {"Retry-After": "10"}) from error
    await asyncio.to_thread(_keep, kept, made)


def _keep(kept: Path, made: bytes) -> None:
    with translated(kept):
        kept.parent.mkdir(exist_ok=True)
        part = kept.with_suffix(f".{os.urandom(4).hex()}.part")
        part.write_bytes(made)
        os.replace(part, kept)  # noqa: PTH105


async def _row(ask: Ask) -> dict[str, Any]:
    record = await ask.service.supervisor.find(ask.job)
    index = int(ask.request.match_info["index"])
    row = await read(ask.service.images(record.id), lambda database: one(database, index), None)
    if row is None:
        raise Problem(404, f"job {record.id!r} has no item {index}")
    return row


async def _path(ask: Ask) -> Path:
    row = await _row(ask)
    if row["status"] != "saved":
        raise Problem(404, f"item {row['index']} brought no image: it {row['status']}, {row['code']}")
    path: Path = ask.service.images(ask.job) / row["path"]
    if not await asyncio.to_thread(_is_ours, path):
        raise Problem(404, f"the image of item {row['index']} is gone from its folder")
    return path


def _is_ours(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


OPERATIONS = (
    Operation("GET", ITEM, item, "Look at an item", {200: Reply("the item", schema="Item")}),
    Operation(
        "GET", f"{ITEM}/thumbnail", thumbnail, "See an item's image", {200: Reply("a picture", media="image/webp")},
        problems=(415, 503),
    ),
    Operation(
        "GET", f"{ITEM}/original", original, "Keep an item's image",
        {200: Reply("its bytes", media="application/octet-stream")},
    ),
)  # fmt: skip
"""What can be asked of images."""
