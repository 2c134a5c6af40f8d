"""How much room is left for the images, looked at while a job runs."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from downloader.manifest.database import translated
from downloader.model import Notice
from downloader.pages.units import decimal_text
from downloader.ports import Control, Emit
from downloader.settings import Ending

LOOK_EVERY = 1.0
"""Seconds between two looks; at 1 GB/s a limit of 1 GB still ends the run before the disk does."""


def free_bytes(folder: Path) -> int:
    """Give what may still be written to the file system of a folder, without what is kept for root (statvfs(3)).

    Raises OutputError where the folder is gone.
    """
    with translated(folder):
        found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Room:
    """Drains a job when less than --min-free is left. Used by the job's own thread alone, on each beat."""

    def __init__(
        self,
        folder: Path,
        ending: Ending,
        emit: Emit,
        free: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._ending = ending
        self._emit = emit
        self._free = free
        self._clock = clock
        self._next = clock()

    def look(self, control: Control) -> None:
        """Drain where too little is left; costs nothing but once a second."""
        least = self._ending.min_free
        if not least or control.stopping or self._clock() < self._next:
            return
        self._next = self._clock() + LOOK_EVERY
        free = self._free(self._folder)
        if free >= least:
            return
        told = f"{decimal_text(free)} free in {str(self._folder)!r}, --min-free is {decimal_text(least)}"
        self._emit(Notice(told))
        control.drain("min-free", self._ending.drain_timeout)
