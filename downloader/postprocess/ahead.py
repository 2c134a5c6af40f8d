"""How much may be handed over before results come back: enough that nobody waits, little enough that memory is flat."""

from pathlib import Path

DEPTH = 4
"""Bodies in hand of one worker: one under way, and three that bridge the time until the parent looks again."""

BYTES = 64 << 20
"""Bytes of bodies in memory from which nothing more is taken; bodies on disk count nothing."""


class Ahead:
    """Counts what was handed over and has no result yet. Owned by a pool."""

    def __init__(self, workers: int) -> None:
        self._places = workers * DEPTH
        self._bytes = 0
        self.count = 0

    @property
    def room(self) -> int:
        """How many more bodies may be handed over now."""
        return self._places - self.count if self._bytes < BYTES else 0

    def add(self, body: bytes | Path) -> None:
        """Count a body in; there must be room."""
        if not self.room:
            raise RuntimeError("handed over where there is no room: look at room before each submit")
        self.count += 1
        self._bytes += _size(body)

    def drop(self, body: bytes | Path) -> None:
        """Count a body out."""
        self.count -= 1
        self._bytes -= _size(body)


def _size(body: bytes | Path) -> int:
    return len(body) if isinstance(body, bytes) else 0
