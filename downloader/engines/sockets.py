"""Sockets for libcurl, each for an address that is judged once more: it is the one really connected to."""

import os
import socket
from typing import Any

import pycurl

from downloader.engines.dial import os_error
from downloader.engines.hop import Hop
from downloader.policy.guard import Guard


class Opener:
    """The open-socket callback of one handle, which libcurl does not hand over."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.refusal: Exception | None = None  # why the last socket was not made
        self._hop: Hop | None = None

    @property
    def hop(self) -> Hop | None:
        """The hop that sockets are made for."""
        return self._hop

    @hop.setter
    def hop(self, hop: Hop) -> None:
        self._hop, self.refusal = hop, None

    def __call__(self, _: int, address: Any) -> Any:
        """Make a socket, or refuse; whatever is raised is kept: libcurl cannot carry it."""
        try:
            return self._open(address)
        except OSError as error:
            self.refusal = os_error(error, f"connecting to {address.addr[0]} port {address.addr[1]}")
        except Exception as error:  # noqa: BLE001 - told when the transfer ends
            self.refusal = error
        return pycurl.SOCKET_BAD

    def _open(self, address: Any) -> "_Descriptor":
        hop = self._hop
        if hop is None:
            raise RuntimeError("a socket for no hop")
        hop.fresh = True
        if hop.via is None:
            self._guard.permit(hop.host, hop.port, [address.addr[0]])
        return _Descriptor(socket.socket(address.family, address.socktype, address.protocol).detach())


class _Descriptor:
    """What pycurl duplicates and lets go; a socket would complain of not being closed."""

    __slots__ = ("_number",)

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def __del__(self) -> None:
        os.close(self._number)
