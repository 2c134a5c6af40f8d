"""What of a request has come so far: not too much of it, and not too slowly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from downloader.service.problems import Problem

PATIENCE = 20.0
"""Seconds that every body has, however small."""

SLOWEST = 4 << 10
"""Bytes a second at which a body must come beyond that, on the whole."""


@dataclass(slots=True)
class Inflow:
    """Counts the bytes of one body, over all its parts; they buy time."""

    most: int
    _limit: asyncio.Timeout
    _begun: float
    _size: int = 0

    async def pieces(self, source: AsyncIterator[bytes], most: int | None = None) -> AsyncIterator[bytes]:
        """Pass a part of the body on; raises Problem past its own bound or that of all parts together."""
        size = 0
        async for piece in source:
            size += len(piece)
            self._size += len(piece)
            if self._size > self.most or (most is not None and size > most):
                raise Problem(413, f"the request is larger than {self.most if most is None else most} bytes")
            self._limit.reschedule(self._begun + PATIENCE + self._size / SLOWEST)
            yield piece

    async def whole(self, source: AsyncIterator[bytes], most: int | None = None) -> bytes:
        """Give a part of the body in one."""
        return b"".join([piece async for piece in self.pieces(source, most)])


@asynccontextmanager
async def inflow(most: int) -> AsyncIterator[Inflow]:
    """Give what counts a body of so many bytes at most; raises Problem where it comes too slowly."""
    try:
        async with asyncio.timeout(PATIENCE) as limit:
            yield Inflow(most, limit, asyncio.get_running_loop().time())
    except TimeoutError:
        raise Problem(
            408, f"the request came at less than {SLOWEST} bytes a second for {PATIENCE:.0f} s", {"Connection": "close"}
        ) from None
