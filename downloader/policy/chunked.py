"""A chunked body, read as strictly as RFC 9112 §7.1 writes it: rules without I/O, fed with wire bytes.

For engines whose library lets pass what is no proper chunk: line ends that are half ones, sizes with signs, trailers
that never end. What passes may be another's bytes.
"""

import re
from collections.abc import Iterator

from downloader.errors import BadReply
from downloader.policy.fields import HEADER_LINES

MAX_LINE = 64 << 10
"""Longest line of a chunk size or a trailer, in bytes."""

# RFC 9112 §7.1: hex digits only, then perhaps extensions.
_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")

_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n")


class Chunked:
    """Takes the framing off; ``whole`` tells whether the end has come."""

    def __init__(self) -> None:
        self.whole = False
        self._rest = b""  # of a line that has not ended yet
        self._left: int | None = None  # bytes of the chunk under way, its line end included; None between two
        self._trailers: int | None = None  # how many have come, once the last chunk has

    def feed(self, wire: bytes) -> Iterator[bytes]:
        """Give the data in the next bytes; raises BadReply."""
        wire, self._rest, at = self._rest + wire, b"", 0
        while at < len(wire):
            if self.whole:
                raise BadReply("more bytes came than were announced")
            if self._left is not None:
                end = min(len(wire), at + self._left)
                self._left -= end - at
                yield from _data(wire, at, end, self._left)
                self._left = self._left or None
                at = end
                continue
            line = self._line(wire, at)
            if line is None:
                return
            at += len(line)
            self._read(line)

    def _line(self, wire: bytes, at: int) -> bytes | None:
        """Give the next line; None where it has not ended yet."""
        end = wire.find(b"\n", at) + 1
        if (end or len(wire)) - at > MAX_LINE:
            raise BadReply(f"the line of {'a chunk size' if self._trailers is None else 'a trailer'} is too long")
        if end:
            return wire[at:end]
        self._rest = wire[at:]
        return None

    def _read(self, line: bytes) -> None:
        if self._trailers is None:
            self._read_size(line)
        elif line == b"\r\n":
            self.whole = True
        elif not _TRAILER.fullmatch(line):
            raise BadReply(f"a trailer is {line[:40]!r}")
        elif (trailers := self._trailers + 1) > HEADER_LINES:
            raise BadReply(f"more than {HEADER_LINES} trailers")
        else:
            self._trailers = trailers

    def _read_size(self, line: bytes) -> None:
        if not (match := _SIZE.fullmatch(line)):
            raise BadReply(f"a chunk size is {line[:40]!r}")
        size = int(match[1], 16)
        if size:
            self._left = size + 2
        else:
            self._trailers = 0


def _data(wire: bytes, at: int, end: int, left: int) -> Iterator[bytes]:
    """Give the data in a part of a chunk; the last two bytes of the chunk are the line end behind it."""
    frame = min(end - at, max(0, 2 - left))
    if end - at > frame:
        yield wire[at : end - frame]
    if frame and wire[end - frame : end] != b"\r\n"[2 - left - frame : 2 - left]:
        raise BadReply("a chunk is not followed by a line end")
