"""What writes to stderr while a job runs: lines that stay, and below them one that is replaced.

Log lines, notices and the bar go through one ``Voice``, so that each erases the bar before it writes and none leaves a
copy of it behind. The cursor is never hidden and no thread of its own draws: whatever ends the process, the terminal
needs no mending. Where stderr is no terminal, nothing is ever replaced and no control code written.
"""

import os
import shutil
from contextlib import suppress
from threading import Lock
from typing import TextIO

ERASE = "\r\x1b[K"
"""To the first column, and clear the line (ECMA-48, EL): every terminal since the VT100 knows both."""

HOME = "\r"
"""Where the cursor waits: at the end of the line the terminal's echo of Ctrl-C, "^C", would wrap it into two."""

NARROWEST = 20


class Voice:
    """Writes to a stream that may be a terminal. Any thread may call it; who cannot be reached is not told."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._shown = ""
        self.moves = stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
        self.colours = self.moves and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """Write lines that stay, above the one that is replaced."""
        with self._lock:
            self._write(f"{self._erase()}{text}\n{self._drawn()}")

    def show(self, line: str) -> None:
        """Replace the last line; on what is no terminal nothing is shown."""
        if not self.moves:
            return
        with self._lock:
            before, self._shown = self._erase(), line
            self._write(before + self._drawn())

    def let_go(self) -> None:
        """Leave the last line where it stands and go to the next."""
        with self._lock:
            if self._shown:
                self._shown = ""
                self._write("\n")

    @property
    def width(self) -> int:
        """Columns of a line: one fewer than the terminal has, for the last one makes some of them wrap."""
        columns = 0
        with suppress(OSError, ValueError):
            columns = os.get_terminal_size(self._stream.fileno()).columns
        # A terminal that nobody told its size says 0.
        return max((columns or shutil.get_terminal_size().columns) - 1, NARROWEST)

    def _erase(self) -> str:
        return ERASE if self._shown else ""

    def _drawn(self) -> str:
        return f"{self._shown}{HOME}" if self._shown else ""

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it, or it is closed
            self._stream.write(text)
            self._stream.flush()
