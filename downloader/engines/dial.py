"""Blocking connections to checked addresses, whose every wait ends at the attempt's deadline.

requests' own timeout bounds each read, so a server that drips one byte at a time holds a thread for ever. Here the
socket itself looks at the deadline of the hop under way before each receive: heads, chunk sizes, bodies, all of it.
"""

import errno
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any

from downloader.engines.hop import Hop, current
from downloader.engines.kit import Kit
from downloader.engines.watch import phase
from downloader.errors import (
    Dns,
    FetchError,
    NoSuchHost,
    ProxyFailed,
    Reset,
    Starved,
    TimedOut,
    Tls,
    Unreachable,
)
from downloader.policy.routes import Proxy

_HUNG_UP = (
    ConnectionResetError,
    BrokenPipeError,
    ConnectionAbortedError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)
_HUNG_UP_ERRNO = (
    errno.ECONNRESET,
    errno.EPIPE,
    errno.ECONNABORTED,
)  # aiohttp's own classes keep only the number
_STARVED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def os_error(error: OSError, doing: str) -> FetchError | Starved:
    """Translate what a socket raises, most specific first; ``doing`` says what was under way."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Tls(f"the certificate is not trusted: {getattr(error, 'verify_message', error)}")
    if isinstance(error, _HUNG_UP) or error.errno in _HUNG_UP_ERRNO:
        return Reset(f"the server hung up while {doing}")
    if isinstance(error, ssl.SSLError):
        return Tls(f"TLS failed while {doing}: {getattr(error, 'reason', None) or error}")
    if isinstance(error, TimeoutError):
        return TimedOut(f"too slow while {doing}")
    if error.errno in _STARVED:
        return Starved(f"out of descriptors: {error.strerror}")
    return Unreachable(f"{error.strerror or error} while {doing}")


def unreached(proxy: Proxy, error: FetchError) -> ProxyFailed:
    """Give the error for a proxy that cannot be connected to."""
    return ProxyFailed(f"the proxy {proxy.url}: {error.detail}")


def untunnelled(status: int, said: str) -> FetchError:
    """Give the error for a proxy that opens no tunnel: 5xx speak of the host behind it, all else of the proxy."""
    answer = f"the proxy answered {status} {said[:120]}".rstrip()
    return Unreachable(answer) if status >= 500 else ProxyFailed(answer)


class _Bounded:
    """Mixed into the socket classes: receives and sends end at the deadline, or after ``silence`` seconds."""

    silence = 20.0
    idle = False  # set while looking at what was received, without receiving more

    def _arm(self: Any) -> None:
        hop = current.get()
        hop.sock = self
        now = time.monotonic()
        remaining = min(hop.deadline, hop.connected_by or hop.deadline) - now
        if remaining <= 0:
            late = "the whole attempt took longer than --timeout"
            raise TimedOut(late if now >= hop.deadline else "no connection in time (--connect-timeout)")
        limit = min(self.silence, remaining)
        if self.gettimeout() != limit:
            self.settimeout(limit)

    def recv_into(self: Any, *args: Any, **kwargs: Any) -> int:
        if self.idle:
            raise BlockingIOError(errno.EAGAIN, "only looking")
        self._arm()
        try:
            received: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        except TimeoutError:
            self._arm()  # names --timeout when that is what ran out
            raise TimedOut(f"silent for {self.silence:g} s (--read-timeout)") from None
        return received

    def sendall(self: Any, *args: Any, **kwargs: Any) -> None:
        self._arm()
        super().sendall(*args, **kwargs)  # type: ignore[misc]


class BoundedSocket(_Bounded, socket.socket):
    """A TCP connection."""


class BoundedTlsSocket(_Bounded, ssl.SSLSocket):
    """A TLS connection."""


class Dialer:
    """Connects to the very addresses that were resolved and checked. Safe to call from any thread."""

    def __init__(self, kit: Kit, make_room: Callable[[], None]) -> None:
        """Take the kit, and what to call when idle connections hold descriptors that work needs."""
        self._kit = kit
        self._make_room = make_room
        self._ways = kit.ways
        self._longest = kit.settings.limits.connect_timeout
        self._silence = kit.settings.limits.read_timeout

    def connect(self, host: str, port: int) -> socket.socket:
        """Give a connected socket. Raises FetchError or Starved."""
        hop = current.get()
        hop.fresh = True
        until = hop.connected_by = min(hop.deadline, time.monotonic() + self._longest)
        try:
            return self._one_of(self._addresses(hop, host, port, until), port, until)
        except (Dns, NoSuchHost, Unreachable) as error:
            if hop.via is None:
                raise
            raise unreached(hop.via, error) from None

    def _addresses(self, hop: Hop, host: str, port: int, until: float) -> Sequence[str]:
        with phase(hop.watch, "dns"):
            found = self._ways.resolver.addresses(host, max(0.0, until - time.monotonic()))
        # Where a proxy stands is the operator's choice.
        return found if hop.via else self._ways.guard.permit(host, port, found)

    def _one_of(self, addresses: Sequence[str], port: int, until: float) -> socket.socket:
        for number, address in enumerate(addresses, start=1):
            last = number == len(addresses)
            try:
                return self._one(address, port, until, len(addresses) - number + 1)
            except Unreachable:
                if last:
                    raise
            except TimedOut:
                if last or time.monotonic() >= until:
                    raise
        raise Unreachable("the host has no address")  # the resolver gives one at least

    def _one(self, address: str, port: int, until: float, left: int) -> socket.socket:
        """Try one address, leaving a fair share of the time to those behind it."""
        share = max(0.001, (until - time.monotonic()) / left)
        doing = f"connecting to {address} port {port}"
        try:
            sock = BoundedSocket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            raise os_error(error, doing) from error
        if self._kit.crowded(sock):
            self._make_room()
        sock.silence = self._silence
        try:
            sock.settimeout(share)
            sock.connect((address, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(0.001, until - time.monotonic()))  # what is left is for the TLS handshake
        except OSError as error:
            sock.close()
            raise os_error(error, doing) from error
        return sock
