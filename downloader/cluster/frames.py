"""The wire between a parent and a child: frames of plain values, each with its length and its kind before it.

down   ORDERS (first) · TICKETS · SLICES · RESTS · NAMES (they may be claimed now) · END
up     READY · NEWS · CLAIMS (names are to be claimed) · FAULT or BUG · LAST

Values are tuples of numbers, texts and None, which ``marshal`` writes at a third of what pickling our records costs.
Both ends are one installation of one Python, so its format may be any.
"""

import marshal
import struct
from collections.abc import Iterator
from typing import Any

ORDERS, TICKETS, SLICES, RESTS, NAMES, END, READY, NEWS, CLAIMS, FAULT, BUG, LAST = range(12)

_HEAD = struct.Struct("<IB")

STATE = struct.Struct("<?d")
"""What goes down the second wire, which carries nothing else: whether the job is paused, and the seconds that what
runs still has; less than 0 where nobody stops the job."""


def frame(kind: int, value: Any) -> bytes:
    """Give a value as it goes over the wire."""
    body = marshal.dumps(value)
    return _HEAD.pack(len(body), kind) + body


class Frames:
    """Cuts what comes into frames; what a death has torn off never becomes one."""

    def __init__(self) -> None:
        self._came = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, Any]]:
        """Take bytes, and give the kind and value of each frame that is whole."""
        self._came += data
        at = 0
        try:
            while len(self._came) - at >= _HEAD.size:
                length, kind = _HEAD.unpack_from(self._came, at)
                end = at + _HEAD.size + length
                if len(self._came) < end:
                    break
                with memoryview(self._came) as whole:
                    value = marshal.loads(whole[at + _HEAD.size : end])  # noqa: S302 - from our own parent or child
                at = end
                yield kind, value
        finally:  # whoever stops in the middle meets no frame twice
            del self._came[:at]
