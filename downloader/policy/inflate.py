"""Inflating a body in bounded steps, so that a bomb is met by a limit and not by the memory."""

import zlib
from collections.abc import Iterator

STEP = 256 << 10
"""Most bytes inflated in one go."""

_MAGIC = b"\x1f\x8b"  # RFC 1952 §2.3.1: how a gzip member begins

Corrupt = zlib.error
"""What a corrupt stream raises."""


def gzip() -> "Inflater":
    """Inflate "gzip": one member or several (RFC 1952)."""
    return Inflater(zlib.MAX_WBITS | 16)


def zlib_or_raw() -> "Inflater":
    """Inflate "deflate": zlib data by RFC 9110 §8.4.1.2, and the raw data that many servers send instead."""
    return Inflater(zlib.MAX_WBITS)


class Inflater:
    """Inflates gzip members or zlib data in bounded steps; raw deflate too, which some servers send as "deflate"."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._stream = zlib.decompressobj(wbits)
        self._start: bytes | None = b""  # the first bytes, held until they tell zlib data from raw
        self._between: bytes | None = b""  # what came behind a member, until it tells a next one; None for padding
        self.eof = False

    def feed(self, wire: bytes) -> Iterator[bytes]:
        """Give what these bytes inflate to, at most ``STEP`` at a time; raises Corrupt."""
        if self._start is not None:
            wire = self._start + wire
            self._start = wire if len(wire) < 2 else None
            if self._start is not None:
                return
            self._choose(wire)
        full = False
        while wire or full:
            if self.eof and not (wire := self._next_member(wire)):
                return
            data = self._stream.decompress(wire, STEP)
            full = len(data) == STEP  # zlib may hold back more output with all input taken
            if data:
                yield data
            wire = self._stream.unconsumed_tail
            if self._stream.eof:
                self.eof, full, wire = True, False, self._stream.unused_data

    def _choose(self, head: bytes) -> None:
        # RFC 1950 §2.2: the first two bytes are a multiple of 31 and name method 8, or there is no zlib header.
        if self._wbits == zlib.MAX_WBITS and (head[0] & 15 != 8 or int.from_bytes(head[:2], "big") % 31):
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)

    def _next_member(self, wire: bytes) -> bytes:
        # RFC 1952 §2.2: members may follow each other, and the network may cut anywhere, also between two. What else
        # follows is padding, which every client ignores.
        if self._between is None or not self._wbits & 16:
            return b""
        wire = self._between + wire
        self._between = wire if wire == _MAGIC[:1] else None
        if not wire.startswith(_MAGIC):
            return b""
        self._between = b""
        self._stream = zlib.decompressobj(self._wbits)
        self.eof = False
        return wire
