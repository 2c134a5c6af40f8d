"""A list on its way in: whatever form it has, it becomes a file in the job's own folder, within bounds."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import BodyPartReader, web

from downloader.manifest.database import translated
from downloader.service.bodies import MOST_JSON, parsed
from downloader.service.inflow import Inflow, inflow
from downloader.service.listfile import STEP, ListFile
from downloader.service.operations import JSON
from downloader.service.problems import Problem
from downloader.service.schema import fault
from downloader.service.schemas import submission
from downloader.service.serving import Serving

MOST_FIELD = 64 << 10
"""Bytes of a field of a form that is no file."""

AT_ONCE = 16
"""Lists that come in at once; each holds a connection, a file and some megabytes."""

SUFFIXES = ("csv", "tsv", "jsonl", "txt")

FIELDS = ("file", "options", "name")


@dataclass(slots=True)
class Submission:
    """What came in: the list stands in ``folder``; ``digest`` tells a request from another."""

    folder: Path
    list: str = ""
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


_Take: TypeAlias = Callable[[web.Request, Submission, Inflow], Awaitable[None]]


class Reception:
    """Takes submissions in. Used on the event loop alone."""

    def __init__(self, serving: Serving) -> None:
        self._bounds = serving.bounds
        self._floor = serving.disk_floor
        self._schema = submission(serving)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._reading = asyncio.Lock()  # of JSON: one body after another takes its memory
        self._takes: Mapping[str, _Take] = {
            JSON: self._json,
            "text/plain": self._text,
            "multipart/form-data": self._form,
        }

    async def received(self, request: web.Request, folder: Path) -> Submission:
        """Take the list of a request into a new folder; raises Problem, and leaves no folder then."""
        take, most = self._takes.get(request.content_type), self._bounds.body
        if take is None or request.headers.get("Content-Encoding", "identity") != "identity":
            raise Problem(
                415, "send application/json, text/plain with a URL a line, or multipart/form-data with a file"
            )
        if (request.content_length or 0) > most:
            raise Problem(413, f"the request is larger than {most} bytes")
        if self._places.locked():
            raise Problem(503, "too many lists come in at once: try again in a moment", {"Retry-After": "5"})
        taken = Submission(folder)
        async with self._places:
            try:
                await asyncio.to_thread(_made, folder)
                async with inflow(most) as flow:
                    await take(request, taken, flow)
            except BaseException:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
                raise
        return taken

    async def _json(self, request: web.Request, taken: Submission, flow: Inflow) -> None:
        body = await flow.whole(request.content.iter_chunked(STEP), min(MOST_JSON, self._bounds.body))
        taken.digest.update(body)
        async with self._reading:
            await asyncio.to_thread(self._write_entries, taken, body)

    def _write_entries(self, taken: Submission, body: bytes) -> None:
        said = parsed(body)
        if wrong := fault(said, self._schema, "the job"):
            raise Problem(422, wrong)
        if ("urls" in said) == ("items" in said):
            raise Problem(422, "give the URLs either as 'urls' or as 'items'")
        taken.list, taken.name = "list.jsonl", said.get("name", "")
        taken.options = said.get("options", {})
        path = taken.folder / taken.list
        with translated(path), path.open("w", encoding="ascii") as file:
            for entry in said.get("items") or said["urls"]:  # a line that is a string is a URL, whatever --url-col is
                file.write(json.dumps(entry) + "\n")

    async def _text(self, request: web.Request, taken: Submission, flow: Inflow) -> None:
        taken.list = "list.txt"
        await self._store(request.content.iter_chunked(STEP), taken, flow)
        with (taken.folder / taken.list).open("rb") as file:
            start = file.read(64).lstrip()
        if start[:1] in (b"{", b"["):
            raise Problem(415, "this is JSON, not a list: send it as application/json")
        if not start:
            raise Problem(422, "the list is empty: give a URL a line")

    async def _form(self, request: web.Request, taken: Submission, flow: Inflow) -> None:
        came: set[str] = set()
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name not in FIELDS:
                    raise Problem(422, f"the form has a field of another name than {', '.join(FIELDS)}")
                if part.name in came:
                    raise Problem(422, f"the form has {part.name!r} twice: send each list as a job")
                came.add(part.name)
                taken.digest.update(f"\n{part.name}\n".encode())
                await self._part(part, taken, flow)
        except (ValueError, AssertionError) as error:  # what aiohttp raises for a form that is none
            raise Problem(400, f"the form cannot be read: {error}") from error
        if not taken.list:
            raise Problem(422, "the form has no 'file'")

    async def _part(self, part: BodyPartReader, taken: Submission, flow: Inflow) -> None:
        if part.name == "file":
            await self._file(part, taken, flow)
            return
        text = await flow.whole(_pieces(part), MOST_FIELD)
        taken.digest.update(text)
        known = self._schema["properties"]
        said = text.decode("utf-8", "replace") if part.name == "name" else parsed(text)
        if wrong := fault(said, known[part.name], str(part.name)):
            raise Problem(422, wrong)
        setattr(taken, str(part.name), said)

    async def _file(self, part: BodyPartReader, taken: Submission, flow: Inflow) -> None:
        """Take a file; of its name nothing is kept but which of our suffixes it has."""
        *_, name = (part.filename or "").lower().rpartition("/")
        packed = name.endswith(".gz")
        suffix = name.removesuffix(".gz").rpartition(".")[2]
        if suffix not in SUFFIXES:
            raise Problem(415, f"the file must end in {', '.join(SUFFIXES)}, or one of these and .gz")
        taken.list = f"list.{suffix}"
        taken.digest.update(suffix.encode())
        await self._store(_pieces(part), taken, flow, packed=packed)

    async def _store(
        self, pieces: AsyncIterator[bytes], taken: Submission, flow: Inflow, *, packed: bool = False
    ) -> None:
        path = taken.folder / taken.list
        target = await asyncio.to_thread(ListFile, path, self._bounds, self._floor, packed=packed)
        try:
            async for piece in flow.pieces(pieces):
                taken.digest.update(piece)
                await asyncio.to_thread(target.write, piece)
        except BaseException:
            with suppress(Problem):
                target.close()
            raise
        await asyncio.to_thread(target.close)


def _made(folder: Path) -> None:
    with translated(folder):
        folder.mkdir(parents=True)


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(STEP):
        yield piece
