"""Whole jobs to take away: the failures, the manifest, the images. Streamed, and nothing is copied on the disk."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from downloader.errors import OutputError
from downloader.manifest.pages import STEP, Wanted, page
from downloader.service.api.items import NDJSON
from downloader.service.api.jobs import ONE
from downloader.service.archive import tar
from downloader.service.connections import STALLED
from downloader.service.operations import Ask, Operation, Reply
from downloader.service.reading import has_manifest, look

TAR = "application/x-tar"

PIECE = 256 << 10
"""Bytes sent at once, at least, but for the last."""

_FAILED = ("url", "index", "code", "detail", "http_status", "attempts")


def rows(images: Path, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Go through the rows of a manifest, in steps; none where there is no manifest yet.

    Raises OutputError where the job is deleted meanwhile: what is cut off must not look whole.
    """
    after = -1
    while True:
        found: Sequence[dict[str, Any]] = look(images, partial(page, wanted=wanted, after=after, most=STEP), ())
        if after >= 0 and not has_manifest(images):
            raise OutputError(f"{str(images)!r} was deleted meanwhile")
        yield from found
        if len(found) < STEP:
            return
        after = found[-1]["index"]


def failed_lines(images: Path) -> Iterator[bytes]:
    """Give the failures as lines that are a list again, with the user's own columns."""
    for row in rows(images, Wanted("failed")):
        line = {**(row["columns"] or {}), **{name: row[name] for name in _FAILED}}
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def manifest_lines(images: Path) -> Iterator[bytes]:
    """Give every row."""
    for row in rows(images, Wanted()):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def archive(images: Path) -> Iterator[bytes]:
    """Give the images as a tar."""
    return tar(images, (row["path"] for row in rows(images, Wanted("saved"))))


async def _sent(ask: Ask, pieces: Iterator[bytes], media: str, name: str) -> web.StreamResponse:
    headers = {"Content-Type": media, "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers=headers)
    await response.prepare(ask.request)
    with closing(pieces):  # type: ignore[type-var]  # each is a generator
        while piece := await asyncio.to_thread(_gathered, pieces):
            await _write(response, piece)
    await response.write_eof()
    return response


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    try:
        async with asyncio.timeout(STALLED):
            await response.write(piece)
    except TimeoutError:
        raise ConnectionResetError(f"nothing was taken for {STALLED:.0f} s") from None


def _gathered(pieces: Iterator[bytes]) -> bytes:
    """Join pieces, so that the way to a thread and back is gone seldom."""
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) >= PIECE:
            break
    return bytes(joined)


async def failed(ask: Ask) -> web.StreamResponse:
    """Give failed.jsonl."""
    record = await ask.service.supervisor.find(ask.job)
    return await _sent(ask, failed_lines(ask.service.images(record.id)), NDJSON, "failed.jsonl")


async def manifest(ask: Ask) -> web.StreamResponse:
    """Give manifest.jsonl."""
    record = await ask.service.supervisor.find(ask.job)
    return await _sent(ask, manifest_lines(ask.service.images(record.id)), NDJSON, "manifest.jsonl")


async def images(ask: Ask) -> web.StreamResponse:
    """Give a tar of the images."""
    record = await ask.service.supervisor.find(ask.job)
    return await _sent(ask, archive(ask.service.images(record.id)), TAR, f"{record.id}.tar")


_lines = partial(Reply, media=NDJSON)

OPERATIONS = (
    Operation("GET", f"{ONE}/failed.jsonl", failed, "Take the failures away, as a list", {200: _lines("failures")}),
    Operation("GET", f"{ONE}/manifest.jsonl", manifest, "Take the manifest away", {200: _lines("every row")}),
    Operation("GET", f"{ONE}/images.tar", images, "Take the images away", {200: Reply("a tar", media=TAR)}),
)
"""What can be taken away."""
