"""The wire between the service and a job's process: JSON, an object a line, both ways over one socket.

down   orders (first) · pause · resume · drain · abandon · shares
up     uses, leaves, fits (shares of hosts) · progress · failures · rest · notice · ended · error
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

MOST_LINE = 8 << 20
"""Longest line, in bytes: an order holds the settings, a progress 50 hosts."""


def line(message: dict[str, Any]) -> bytes:
    """Give a message as it goes over the wire."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Channel:
    """The child's end; any thread may tell, one may listen."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lines = sock.makefile("rb")
        self._lock = threading.Lock()

    def tell(self, **message: Any) -> None:
        """Say something; nobody there to hear it is no error, since ``heard`` ends then."""
        with self._lock, suppress(OSError):
            self._sock.sendall(line(message))

    def heard(self) -> Iterator[dict[str, Any]]:
        """Give what is said, until the service is gone."""
        with suppress(OSError):
            while raw := self._lines.readline(MOST_LINE):
                yield json.loads(raw)
