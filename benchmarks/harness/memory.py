"""The memory of a process group over time, as /proc tells it. Linux only."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

LOOK = 0.05
"""Seconds between two looks."""

POINTS = 20
"""So many stretches of equal length make the curve of a process."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its peak (VmHWM) and, for each twentieth of its life, the most that it held (VmRSS), in bytes."""

    pid: int
    name: str
    peak: int
    curve: Sequence[int]

    @property
    def growth(self) -> float:
        """Give the most of the last quarter over that of the second; the first quarter is for growing up.

        It is 1 for one that lived too shortly to tell.
        """
        second, last = self.curve[POINTS // 4 : POINTS // 2], self.curve[-POINTS // 4 :]
        return max(last) / max(second) if len(self.curve) == POINTS else 1.0


@dataclass(slots=True)
class _Seen:
    name: str
    peak: int = 0
    looks: list[tuple[float, int]] = field(default_factory=list)


@dataclass(slots=True)
class Watch:
    """What was seen of a group: only its own thread writes while it looks."""

    group: int
    _seen: dict[int, _Seen] = field(default_factory=dict)

    @property
    def peak(self) -> int:
        """Give the most that any one process held, in bytes."""
        return max((seen.peak for seen in self._seen.values()), default=0)

    def processes(self) -> Sequence[Process]:
        """Give all that were seen, the largest first."""
        found = [Process(pid, seen.name, seen.peak, curve(seen.looks)) for pid, seen in self._seen.items()]
        return sorted(found, key=lambda process: -process.peak)

    def look(self) -> None:
        """Note what each process of the group holds now."""
        now = time.monotonic()
        for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - 20 times a second: Path costs ten times it
            with suppress(OSError):  # it has ended
                if os.getpgid(int(pid)) == self.group:
                    self._note(int(pid), Path(f"/proc/{pid}/status").read_text("ascii", "replace"), now)

    def _note(self, pid: int, status: str, now: float) -> None:
        told = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if "VmHWM" in told:
            seen = self._seen.setdefault(pid, _Seen(""))
            seen.name = told["Name"].strip()
            seen.peak = max(seen.peak, int(told["VmHWM"].split()[0]) << 10)
            seen.looks.append((now, int(told["VmRSS"].split()[0]) << 10))


def curve(looks: Sequence[tuple[float, int]]) -> Sequence[int]:
    """Give the most of each of so many equal stretches of time; nothing where a stretch saw no look."""
    begin, end = looks[0][0], looks[-1][0]
    edges = [begin + (end - begin) * number / POINTS for number in range(POINTS + 1)]
    most = [max((held for at, held in looks if low <= at <= high), default=0) for low, high in pairwise(edges)]
    return most if all(most) and end > begin else []


@contextmanager
def watching(group: int) -> Iterator[Watch]:
    """Look at a process group until the block is left."""
    watch, over = Watch(group), threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            watch.look()

    thread = threading.Thread(target=look, name=f"memory-of-{group}")
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
