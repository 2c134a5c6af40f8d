"""What a lesson writes down: lines for its reader, claims that hold or do not, and timelines."""

import os
import sys
from collections.abc import Callable

from downloader.lessons.timeline import Timeline


class Notebook:
    """Takes the lines of one lesson and tells each at once; it remembers its claims. Any thread may write a
    line; claims are stated by the one that runs the lesson.

    ``kept`` are the claims that held, ``broken`` those that must hold on every machine and did not, ``unseen`` those
    about speed that this machine did not show this time.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.kept: list[str] = []
        self.broken: list[str] = []
        self.unseen: list[str] = []

    def write(self, line: str = "") -> None:
        """Tell a line."""
        self._tell(line)

    def head(self, title: str) -> None:
        """Begin an experiment."""
        self._tell(f"\n{title}")

    def draw(self, timeline: Timeline) -> None:
        """Tell who worked when."""
        for line in timeline.draw():
            self._tell(f"  {line}")

    def claim(self, text: str, *, holds: bool) -> None:
        """State what must be so on every machine."""
        (self.kept if holds else self.broken).append(text)
        self._tell(f"  [{'yes' if holds else 'NO '}] {text}")

    def expect(self, text: str, *, holds: bool, otherwise: str) -> None:
        """State what depends on the machine and its load; where it is not seen, say why that may be."""
        (self.kept if holds else self.unseen).append(text)
        self._tell(f"  [yes] {text}" if holds else f"  [not seen here] {text}: {otherwise}")


def gil_is_on() -> bool:
    """Tell whether this interpreter lets one thread at a time run Python code (PEP 703 made that a choice)."""
    asked: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)  # it came with Python 3.13
    return asked()


def cores() -> int:
    """Give the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe_machine() -> str:
    """Give one line on the interpreter and the machine that a measurement was made with."""
    gil = "with a GIL" if gil_is_on() else "free-threaded: no GIL"
    version = ".".join(map(str, sys.version_info[:3]))
    return f"Python {version}, {gil}; {cores()} core{'s' if cores() > 1 else ''}"
