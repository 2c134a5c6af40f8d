"""Memory that the parent and one worker both see: a row of slots, each for a body and then for its answer.

A file without a name lies under it: a process takes it over as a descriptor when it starts, no image needs a new one,
and nothing is left of it once both are gone, however they went.

Measured in a bare loop on 2 cores, the parent's CPU time for a body there and back (median of 400): 355 KB 46 us here
and 225 through a pipe, 20 KB 13 and 15. So there is no size for which a pipe serves better.
"""

import mmap
import os
import struct
import tempfile
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any, TypeVar

T = TypeVar("T")

SLOT = 1 << 20
"""Bytes of one slot: what an engine keeps in memory; larger bodies come as files."""


def nameless_file() -> int:
    """Open a file that no folder knows; gives its descriptor."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("images", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


_COUNTER = struct.Struct("=Q")


class Shared:
    """Slots in memory, and behind them a count of bodies begun.

    Can be given to a process that is being started, as an argument, and not otherwise.
    """

    def __init__(self, slots: int, fd: int | None = None) -> None:
        self._slots = slots
        self._fd = nameless_file() if fd is None else fd
        if fd is None:
            os.ftruncate(self._fd, slots * SLOT + _COUNTER.size)
        self._map = mmap.mmap(self._fd, slots * SLOT + _COUNTER.size)

    def __reduce__(self) -> tuple[Callable[..., "Shared"], tuple[int, Any]]:
        return _taken_over, (self._slots, reduction.DupFd(self._fd))

    def write(self, slot: int, data: bytes) -> None:
        """Fill a slot with at most ``SLOT`` bytes."""
        start = slot * SLOT
        self._map[start : start + len(data)] = data

    def read(self, slot: int, size: int, made: Callable[[memoryview], T]) -> T:
        """Make something of a slot's first bytes; what is made must not keep the view."""
        start = slot * SLOT
        with memoryview(self._map)[start : start + size] as view:
            return made(view)

    @property
    def begun(self) -> int:
        """How many bodies the worker has begun to work on; it outlives the worker."""
        begun: int = _COUNTER.unpack_from(self._map, self._slots * SLOT)[0]
        return begun

    def begin(self) -> None:
        """Count one in, in the worker."""
        _COUNTER.pack_into(self._map, self._slots * SLOT, self.begun + 1)

    def close(self) -> None:
        """Let go of it; the other side keeps its own."""
        self._map.close()
        os.close(self._fd)


def _taken_over(slots: int, duplicate: Any) -> Shared:
    return Shared(slots, duplicate.detach())
