"""aiohttp's connections, made to the very addresses that were resolved and checked."""

import asyncio
import socket
from functools import partial
from typing import Any

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.client_proto import ResponseHandler

from downloader.engines.dial import os_error, unreached
from downloader.engines.hop import current
from downloader.engines.kit import Kit
from downloader.engines.watch import phase
from downloader.errors import Dns, FetchError, NoSuchHost, ProxyFailed, Starved, TimedOut, Tls


class LazyHandler(ResponseHandler):
    """aiohttp's side of a connection, with a timer for silence that is looked at when it rings.

    aiohttp itself takes it back and sets it anew for every piece that comes.
    """

    _heard: float | None = None  # when the server was last heard of, while something is expected
    _alarm: asyncio.TimerHandle | None = None

    def _reschedule_timeout(self) -> None:
        self._heard = self._loop.time() if self._read_timeout else None
        if self._alarm is None and self._read_timeout:
            self._alarm = self._loop.call_later(self._read_timeout, self._ring)

    def _drop_timeout(self) -> None:
        self._heard = None

    def _ring(self) -> None:
        self._alarm = None
        if self._heard is None or not self._read_timeout:
            return
        left = self._heard + self._read_timeout - self._loop.time()
        if left <= 0:
            self._on_read_timeout()
        else:
            self._alarm = self._loop.call_later(left, self._ring)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear that it is closed."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        super().connection_lost(exc)


class CheckedConnector(aiohttp.TCPConnector):
    """Connects to the very addresses that were resolved and checked."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(
            limit=0,  # permits and hosts are the schedule's business
            ssl=kit.ways.trust(),
            use_dns_cache=False,
            socket_factory=self._make_socket,
        )
        self._kit = kit
        self._factory = partial(LazyHandler, loop=self._loop)  # type: ignore[assignment]  # it is one

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[ResolveResult]:  # noqa: ARG002
        # aiohttp skips its resolver for whatever looks like an IP literal to it, "2130706433" and "127.1" among
        # them, and the system would then connect to 127.0.0.1: every host goes through our resolver and guard.
        longest = self._kit.settings.limits.connect_timeout
        hop = current.get()
        via = hop.via
        try:
            with phase(hop.watch, "dns"):
                found = await self._kit.ways.resolver.addresses_async(host, longest)
        except (Dns, NoSuchHost) as error:
            if via is None:
                raise
            raise unreached(via, error) from None
        # Where a proxy stands is the operator's choice.
        permitted = found if via else self._kit.ways.guard.permit(host, port, found)
        return [_resolved(host, port, address) for address in permitted]

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        # Idle connections hold descriptors that work needs; aiohttp bounds only their age.
        sock = protocol.transport and protocol.transport.get_extra_info("socket")
        crowded = sock is not None and self._kit.crowded(sock)
        super()._release(key, protocol, should_close=should_close or crowded)

    def _make_socket(self, addr_info: Any) -> socket.socket:
        """Make a socket for an address, which is judged once more: it is the one really connected to."""
        family, kind, proto, _, sockaddr = addr_info
        hop = current.get()
        hop.fresh = True
        if hop.via is None:
            self._kit.ways.guard.permit(hop.host, hop.port, [sockaddr[0]])
        return socket.socket(family, kind, proto)

    async def _create_connection(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> Any:  # noqa: ASYNC109
        longest = self._kit.settings.limits.connect_timeout
        try:
            # Look-up and TLS included, as in every engine; a look-up that takes all of it names itself.
            with phase(current.get().watch, "connect"):
                async with asyncio.timeout(longest + 0.1):
                    return await super()._create_connection(req, traces, timeout)
        except TimeoutError:
            raise TimedOut(f"no connection within {longest:g} s (--connect-timeout)") from None


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def connector_error(
    error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError,
) -> FetchError | Starved:
    """Translate what came between us and a connection, most specific first."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        return os_error(cause, "opening TLS") if isinstance(cause, OSError) else Tls(str(error))
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return ProxyFailed(f"the proxy {error.host} port {error.port}: {error.os_error.strerror or error.os_error}")
    return os_error(error.os_error, f"connecting to {error.host} port {error.port}")
