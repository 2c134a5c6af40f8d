"""One child as its parent sees it: its process, the wires to it, and the tickets that it has in hand."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from downloader.cluster.frames import STATE, Frames, frame
from downloader.errors import OutputError
from downloader.policy.supply import Ticket

PARENTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

READ = 1 << 16
"""Bytes taken from a wire at once."""

DYING = 5.0
"""Seconds within which the kernel ends a process that was killed, unless a broken disk holds it."""

# Our own path of modules, and none besides: a file socket.py in the working directory would be run.
_PROGRAM = "import sys; sys.path[:] = {path!r}; from downloader.cluster.child import main; main({wires})"


class Seat:
    """Owns a child and what it was handed. Used by the parent's one thread, but for ``steer``.

    Sending never blocks: what the wire does not take waits in ``_unsent``, which the tickets in hand bound.
    """

    def __init__(self, number: int, parts: Path, dead: "Seat | None" = None) -> None:
        """Start a process, perhaps in a dead one's place. Raises OutputError where the system has none to give."""
        self.number = number
        self.parts = parts  # its folder for them
        self.tickets: dict[int, Ticket] = dead.tickets if dead else {}  # by index, in the order of handing over
        self.brought = 0  # outcomes
        self.barren: int = dead.barren + 1 if dead and not dead.brought else 0  # deaths in a row that brought nothing
        self.ready = False
        self.said_last = False
        self.standing: tuple[int, Sequence[Any]] = (0, ())
        self._heard = Frames()
        self._unsent = bytearray()
        self.wire, theirs = socket.socketpair()
        self._reins, their_reins = socket.socketpair()
        with theirs, their_reins:
            self._process = _started(theirs.fileno(), their_reins.fileno())
        for end in (self.wire, self._reins):
            end.settimeout(0)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_full(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._unsent)

    def tell(self, kind: int, value: Any = None) -> None:
        """Send a frame, now or when there is room; a dead child keeps its tickets in hand."""
        self._unsent += frame(kind, value)
        self.flush()

    def flush(self) -> None:
        """Send what the wire takes."""
        with suppress(OSError):  # full, or dead, which is noticed by hearing
            while self._unsent:
                del self._unsent[: self.wire.send(self._unsent)]

    def steer(self, left: float | None, *, paused: bool) -> None:
        """Tell how the job stands, past all that waits to be sent. From any thread."""
        with suppress(OSError):
            self._reins.send(STATE.pack(paused, -1.0 if left is None else left))

    def hear(self) -> Iterator[tuple[int, Any]]:
        """Give what has come; raises EOFError when the child is gone."""
        try:
            data = self.wire.recv(READ)
        except BlockingIOError:
            return
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        yield from self._heard.feed(data)

    def kill(self) -> None:
        """Have it end, whatever it is at."""
        self._process.kill()

    def end(self) -> int:
        """Wait for the end of a process that has gone or was killed, let go of what is its, and give its status.

        It is negative for a signal.
        """
        try:
            status = self._process.wait(DYING)
        except subprocess.TimeoutExpired:
            self.kill()
            with suppress(subprocess.TimeoutExpired):  # a disk holds it: the kernel ends it later
                self._process.wait(DYING)
            status = self._process.returncode or 0
        self.wire.close()
        self._reins.close()
        return status


def _started(*wires: int) -> "subprocess.Popen[bytes]":
    """Start a child. Signals that are the parent's to judge are held off until it can say that it ignores them."""
    program = _PROGRAM.format(path=sys.path, wires=", ".join(map(str, wires)))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PARENTS)
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and the program above
            [sys.executable, "-P", "-c", program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=wires
        )
    except OSError as error:
        raise OutputError(f"cannot start a process: {error.strerror or error}; lower --processes") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
