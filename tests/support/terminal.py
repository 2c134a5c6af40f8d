"""A terminal of any width, and what a person sees in it: a real pty, and pyte for the eyes."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

import pyte

ROWS = 30


class Terminal:
    """Runs a command with stdout and stderr on a pty; a context manager."""

    def __init__(self, command: Sequence[str], columns: int, environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.screen = pyte.HistoryScreen(columns, ROWS, history=1000)
        self._eyes = pyte.ByteStream(self.screen)
        self.raw = b""
        self._size(columns)
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment | {"TERM": "xterm-256color"},
            start_new_session=True,
            # The pty is to be its controlling terminal, whose end is a SIGHUP.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,  # noqa: PLW1509 - one system call
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def resize(self, columns: int) -> None:
        """Make it wider or narrower, as a person does with the mouse; who runs in it gets a SIGWINCH."""
        self.screen.resize(ROWS, columns)
        self._size(columns)

    def _size(self, columns: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))

    def type(self, text: bytes) -> None:
        """Type keys."""
        os.write(self._ours, text)

    def hang_up(self) -> None:
        """Close the window."""
        with suppress(OSError):
            os.close(self._ours)

    def watch(self, until: Callable[[], bool], limit: float = 40.0) -> None:
        """Look until something is to be seen."""
        end = time.monotonic() + limit
        while not until():
            assert time.monotonic() < end, f"not seen within {limit:g} s; the screen: {self.lines}"
            if not self._read():
                assert until(), f"the end came before; the screen: {self.lines}"
                return

    def finish(self, limit: float = 40.0) -> int:
        """Look until the process ends; gives its status."""
        end = time.monotonic() + limit
        while self._read():
            assert time.monotonic() < end, f"not done within {limit:g} s; the screen: {self.lines}"
        return self.process.wait(limit)

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def _read(self) -> bool:
        """Take what there is to see now; False at the end."""
        if not select.select([self._ours], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # how Linux tells that nobody has the other end open any more
            return False
        self.raw += data
        self._eyes.feed(data)
        return bool(data)

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty, without the blanks at their ends, those scrolled away included."""
        gone = ["".join(row[place].data for place in range(self.screen.columns)) for row in self.screen.history.top]
        return [line.rstrip() for line in (*gone, *self.screen.display) if line.strip()]
