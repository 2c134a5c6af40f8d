"""What stands between a file and its reader: gzip is taken off, UTF-16 becomes UTF-8, and what is no text is refused.

Everything is a stream of chunks, so a list of any length, or a bomb, takes the memory of one chunk.
"""

import codecs
import io
import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from downloader.errors import InputError
from downloader.policy.inflate import Corrupt, gzip

CHUNK = 64 << 10
"""Most bytes taken from a file at once."""

GZIP = b"\x1f\x8b"  # RFC 1952 §2.3.1

_PACKED = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PAR1": "a parquet file",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""How files begin that are no text though they may hold some; gzip is the one that is taken off."""

_LONE_CR = re.compile(rb"\r[^\n]")


def opened(file: BinaryIO, name: str, *, packed: bool = False) -> BinaryIO:
    """Give a list's bytes as its reader takes them, in lines that end in LF or CRLF; ``packed`` where it must be gzip.

    Reading raises InputError where the gzip data is damaged or the bytes are no text.
    """
    head = _head(file)
    chunks = chain((head,), _chunks(file)) if head else iter(())
    if head.startswith(GZIP):
        chunks = _unpacked(chunks, name)
    elif packed and head:
        raise InputError(f"the list {name!r} is no gzip, as its name says: take the .gz off if it is plain")
    return io.BufferedReader(_Stream(_text(chunks, name)), CHUNK)


class _Stream(io.RawIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a memoryview is what BufferedReader gives
        while not self._rest:
            if (chunk := next(self._chunks, None)) is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _head(file: BinaryIO) -> bytes:
    """Give the first chunk, which may be short, but holds the first two bytes: they tell gzip and byte order."""
    head = file.read(2)
    return head + _some(file) if len(head) == 2 else head


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := _some(file):
        yield chunk


def _some(file: BinaryIO) -> bytes:
    """Give what is there without waiting for more, as a pipe may be slow."""
    chunk: bytes = file.read1(CHUNK)  # type: ignore[attr-defined]  # what is opened for reading bytes has it
    return chunk


def _unpacked(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    inflater, lines = gzip(), 1
    try:
        for chunk in chunks:
            for data in inflater.feed(chunk):
                lines += data.count(b"\n")
                yield data
    except Corrupt as error:
        raise InputError(f"the list {name!r} is damaged gzip from line {lines} on: {error}") from None
    if not inflater.eof:
        raise InputError(f"the list {name!r} is cut short in line {lines}: its gzip has no end, pack it anew")


def _text(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Give UTF-8, or bytes that read like it, with CR turned to LF where no line ends otherwise."""
    head = next(chunks, b"")
    if encoding := _UTF_16.get(head[:2]):
        chunks = _recoded(chain((head[2:],), chunks), encoding)
        head = next(chunks, b"")
    _refuse_binary(head, name)
    chunks = chain((head,), chunks)
    if b"\n" not in head and _LONE_CR.search(head):
        return (chunk.replace(b"\r", b"\n") for chunk in chunks)
    return chunks


_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def _recoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text.encode()
    yield decoder.decode(b"", final=True).encode()


def _refuse_binary(head: bytes, name: str) -> None:
    """Raise InputError for what begins like no list; what comes later costs its own line alone."""
    if kind := next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), ""):
        raise InputError(f"the list {name!r} is {kind}, not text: unpack it, or save it as csv")
    if (at := head.find(b"\0")) >= 0:
        line = head.count(b"\n", 0, at) + 1
        raise InputError(f"the list {name!r} is binary, with a NUL in line {line}: save it as UTF-8 if it is text")
