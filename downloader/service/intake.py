"""A list on its way in: whatever form it has, it becomes a file in the job's own folder, within bounds."""

import asyncio
import hashlib
import json
import shutil
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import BodyPartReader, web

from downloader.service.operations import JSON
from downloader.service.problems import Problem
from downloader.service.schema import Schema, fault
from downloader.service.schemas import MOST_NAME
from downloader.service.serving import Bounds

STEP = 1 << 20
"""Bytes written, or unpacked, at once."""

MOST_FIELD = 64 << 10
"""Bytes of a field of a form that is no file."""

SUFFIXES = ("csv", "tsv", "jsonl", "txt")


@dataclass(slots=True)
class Submission:
    """What came in: the list stands in ``folder``; ``digest`` tells a request from another."""

    folder: Path
    list: str = ""
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


class ListFile:
    """Writes a list, and counts; called in threads, one after another."""

    def __init__(self, path: Path, bounds: Bounds, *, packed: bool = False) -> None:
        self._file: BinaryIO = path.open("wb")
        self._bounds = bounds
        self._size = 0
        self._lines = 0
        self._packed = packed
        self._unpack = zlib.decompressobj(wbits=31)

    def write(self, data: bytes) -> None:
        """Take bytes as they came; raises Problem past the bounds, and for what is no gzip."""
        for piece in self._unpacked(data) if self._packed else (data,):
            self._size += len(piece)
            self._lines += piece.count(b"\n")
            if self._size > self._bounds.unpacked:
                raise Problem(413, f"the list is larger than {self._bounds.unpacked} bytes")
            if self._lines > self._bounds.urls:
                raise Problem(413, f"the list has more than {self._bounds.urls} lines")
            self._file.write(piece)

    def close(self) -> None:
        """End the file; raises Problem where its packed form was cut short."""
        self._file.close()
        if self._packed and not self._unpack.eof:
            raise Problem(400, "the list ends in the middle of its gzip: send the whole file")

    def _unpacked(self, data: bytes) -> Any:
        # In steps: a few bytes may stand for gigabytes.
        try:
            while data:
                if self._unpack.eof:
                    self._unpack = zlib.decompressobj(wbits=31)
                yield self._unpack.decompress(data, STEP)
                data = self._unpack.unconsumed_tail or self._unpack.unused_data
        except zlib.error as error:
            raise Problem(400, f"the list is no gzip: {error}") from error


async def received(request: web.Request, folder: Path, bounds: Bounds, schema: Schema) -> Submission:
    """Take the list of a request into a new folder; raises Problem, and leaves no folder then."""
    taken = {JSON: _json, "text/plain": _text, "multipart/form-data": _form}.get(request.content_type)
    if taken is None or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(415, "send application/json, text/plain with a URL a line, or multipart/form-data with a file")
    if (request.content_length or 0) > bounds.body:
        raise Problem(413, f"the request is larger than {bounds.body} bytes")
    await asyncio.to_thread(folder.mkdir, parents=True)
    try:
        submission = Submission(folder)
        await taken(request, submission, bounds, schema)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise
    return submission


async def _json(request: web.Request, submission: Submission, bounds: Bounds, schema: Schema) -> None:
    body = b"".join([piece async for piece in _bounded(request.content.iter_chunked(STEP), bounds.body)])
    submission.digest.update(body)
    await asyncio.to_thread(_write_entries, submission, body, schema)


def _write_entries(submission: Submission, body: bytes, schema: Schema) -> None:
    said = parsed(body)
    if wrong := fault(said, schema, "the job"):
        raise Problem(422, wrong)
    if ("urls" in said) == ("items" in said):
        raise Problem(422, "give the URLs either as 'urls' or as 'items'")
    submission.list, submission.name = "list.jsonl", said.get("name", "")
    submission.options = said.get("options", {})
    with (submission.folder / submission.list).open("w", encoding="ascii") as file:
        for entry in said.get("items") or ({"url": url} for url in said["urls"]):
            file.write(json.dumps(entry) + "\n")


def parsed(body: bytes) -> Any:
    """Read JSON as it is meant to be: no NaN, no bottomless nesting. Raises Problem."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body cannot be read as JSON: {error}") from error


async def _text(request: web.Request, submission: Submission, bounds: Bounds, _: Schema) -> None:
    submission.list = "list.txt"
    await _store(request.content.iter_chunked(STEP), submission, bounds)
    with (submission.folder / submission.list).open("rb") as file:
        start = file.read(64).lstrip()
    if start[:1] in (b"{", b"["):
        raise Problem(415, "this is JSON, not a list: send it as application/json")
    if not start:
        raise Problem(422, "the list is empty: give a URL a line")


async def _form(request: web.Request, submission: Submission, bounds: Bounds, schema: Schema) -> None:
    total = 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name not in ("file", "options", "name"):
                raise Problem(422, "the form has a field of another name than file, options and name")
            submission.digest.update(f"\n{part.name}\n".encode())
            if part.name == "file":
                await _file(part, submission, bounds)
                continue
            text = b"".join([piece async for piece in _bounded(_pieces(part), MOST_FIELD)])
            submission.digest.update(text)
            total += len(text)
            _field(part.name, text, submission, schema)
    except (ValueError, AssertionError) as error:  # what aiohttp raises for a form that is none
        raise Problem(400, f"the form cannot be read: {error}") from error
    if not submission.list:
        raise Problem(422, "the form has no 'file'")


def _field(name: str, text: bytes, submission: Submission, schema: Schema) -> None:
    if name == "name":
        submission.name = text.decode("utf-8", "replace")[:MOST_NAME]
        return
    options = parsed(text)
    if wrong := fault(options, schema["properties"]["options"], "options"):
        raise Problem(422, wrong)
    submission.options = options


async def _file(part: BodyPartReader, submission: Submission, bounds: Bounds) -> None:
    """Take a file; of its name nothing is kept but which of our suffixes it has."""
    if submission.list:
        raise Problem(422, "the form has two files: send each as a job")
    *_, name = (part.filename or "").lower().rpartition("/")
    packed = name.endswith(".gz")
    suffix = name.removesuffix(".gz").rpartition(".")[2]
    if suffix not in SUFFIXES:
        raise Problem(415, f"the file must end in {', '.join(SUFFIXES)}, or one of these and .gz")
    submission.list = f"list.{suffix}"
    await _store(_pieces(part), submission, bounds, packed=packed)


async def _store(pieces: AsyncIterator[bytes], submission: Submission, bounds: Bounds, *, packed: bool = False) -> None:
    target = await asyncio.to_thread(ListFile, submission.folder / submission.list, bounds, packed=packed)
    try:
        async for piece in _bounded(pieces, bounds.body):
            submission.digest.update(piece)
            await asyncio.to_thread(target.write, piece)
    except BaseException:
        with suppress(Problem):
            target.close()
        raise
    await asyncio.to_thread(target.close)


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(STEP):
        yield piece


async def _bounded(pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > most:
            raise Problem(413, f"the request is larger than {most} bytes")
        yield piece
