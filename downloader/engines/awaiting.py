"""One attempt with aiohttp, for the engine whose workers await."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import ClientResponse
from aiohttp.abc import ResolveResult
from yarl import URL

from downloader.engines.attempt import Attempt, Ended
from downloader.engines.blocking import AWAY
from downloader.engines.dial import os_error
from downloader.engines.hop import Hop, current
from downloader.engines.kit import Kit
from downloader.errors import BadReply, FetchError, Reset, Starved, TimedOut, Tls, Truncated
from downloader.model import Payload, Worker
from downloader.policy.address import endpoint
from downloader.policy.exchange import HEAD_BYTES, HEADER_LINES, Exchange, Read
from downloader.ports import Ticket

CHUNK = 64 << 10
"""Bytes aiohttp buffers of a body before it stops reading from the socket."""


class CheckedConnector(aiohttp.TCPConnector):
    """Connects to the very addresses that were resolved and checked."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(
            limit=0,  # permits and hosts are the schedule's business
            ssl=kit.trust(),
            use_dns_cache=False,
            socket_factory=self._make_socket,
        )
        self._kit = kit

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[ResolveResult]:  # noqa: ARG002
        # aiohttp skips its resolver for whatever looks like an IP literal to it, "2130706433" and "127.1" among
        # them, and the system would then connect to 127.0.0.1: every host goes through our resolver and guard.
        longest = self._kit.settings.limits.connect_timeout
        found = await self._kit.resolver.addresses_async(host, longest)
        return [_resolved(host, port, address) for address in self._kit.guard.permit(host, port, found)]

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
        self._kit.guard.permit(hop.host, hop.port, [sockaddr[0]])
        return socket.socket(family, kind, proto)

    async def _create_connection(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> Any:  # noqa: ASYNC109
        longest = self._kit.settings.limits.connect_timeout
        try:
            # Look-up and TLS included, as in every engine; a look-up that takes all of it names itself.
            async with asyncio.timeout(longest + 0.1):
                return await super()._create_connection(req, traces, timeout)
        except TimeoutError:
            raise TimedOut(f"no connection within {longest:g} s (--connect-timeout)") from None


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


class AwaitingClient:
    """Makes attempts in one event loop, through one session."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._limits = kit.settings.limits

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=CheckedConnector(self._kit),
            headers=self._kit.headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=CHUNK,
            max_headers=HEADER_LINES + 2,
            max_line_size=HEAD_BYTES,
            max_field_size=HEAD_BYTES,
            timeout=aiohttp.ClientTimeout(total=None, sock_read=self._limits.read_timeout),
        )
        # aiohttp re-sends by itself, even on a fresh connection, and has no public switch for it: attempts are ours to
        # count. A test watches that this one works.
        self._session._retry_connection = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def attempt(self, ticket: Ticket, name: str) -> Ended:
        """Make one attempt in the calling task."""
        attempt = Attempt(ticket, Worker(name), self._kit)
        try:
            async with asyncio.timeout(self._limits.timeout):
                return attempt.fetched(await self._fetch(attempt))
        except TimeoutError:
            return attempt.failed(TimedOut("the whole attempt took longer than --timeout"))
        except (FetchError, Starved) as error:
            return attempt.failed(error)
        except asyncio.CancelledError:
            attempt.part.discard()
            raise

    async def _fetch(self, attempt: Attempt) -> Payload:
        exchange = attempt.exchange
        attempt.check_url()
        while True:
            async with await self._open(exchange.url, attempt.deadline) as reply:
                if await _judge(reply, exchange):
                    await self._read(reply, attempt)
                    return exchange.finish()

    async def _read(self, reply: ClientResponse, attempt: Attempt) -> None:
        speed = attempt.speedometer()
        try:
            async for chunk in _chunks(reply):
                attempt.exchange.feed(chunk)
                speed.feed(len(chunk), time.monotonic())
                if pause := self._kit.pause(len(chunk)):
                    await asyncio.sleep(pause)
                    speed.excuse(pause)
        except Truncated:
            attempt.exchange.lost()

    async def _open(self, url: str, deadline: float) -> ClientResponse:
        """Send the request and read the answer's head; once more if a kept connection had been closed meanwhile."""
        hop = Hop(*endpoint(url), deadline)
        current.set(hop)
        try:
            return await self._send(url)
        except Reset:
            if hop.fresh:
                raise
            return await self._send(url)

    async def _send(self, url: str) -> ClientResponse:
        try:
            return await self._session.get(URL(url, encoded=True), allow_redirects=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise translate(error) from error


async def _judge(reply: ClientResponse, exchange: Exchange) -> bool:
    """Tell whether the body is wanted; reads a short unwanted one away, so that the connection can be kept."""
    wanted = False
    if reply.version not in ((1, 0), (1, 1)):
        raise BadReply(f"the answer is of HTTP/{reply.version and '.'.join(map(str, reply.version))}")
    try:
        # Latin-1, as requests hands them over: aiohttp's own text would make other URLs of raw bytes in a Location.
        lines = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in reply.raw_headers)
        wanted = isinstance(exchange.start(reply.status, lines), Read)
    finally:
        if not wanted:
            await _read_away(reply, exchange.residue)
    return wanted


async def _read_away(reply: ClientResponse, most: int | None) -> None:
    """Read an unwanted body of at most so many bytes to its end; None is not worth it, and costs the connection."""
    if most is None:
        reply.close()
        return
    try:
        async with asyncio.timeout(AWAY):
            async for chunk in _chunks(reply):
                most -= len(chunk)
                if most < 0:
                    reply.close()
                    return
    except TimeoutError:
        reply.close()
    except (FetchError, Starved):
        return  # the answer has been judged; only the connection is lost


async def _chunks(reply: ClientResponse) -> AsyncIterator[bytes]:
    try:
        while chunk := await reply.content.readany():
            yield chunk
    except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, ValueError) as error:
        raise translate_body(error) from error


def translate(error: Exception) -> FetchError | Starved:
    """Translate what comes before the answer's head is whole, most specific first; what nobody knows stays as it is."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return (
            os_error(error.certificate_error, "opening TLS")
            if isinstance(error.certificate_error, OSError)
            else Tls(str(error))
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return os_error(error.os_error, f"connecting to {error.host} port {error.port}")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Reset("the server hung up while waiting for the answer")
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return TimedOut("too slow before the answer came")
    if isinstance(error, OSError):
        return os_error(error, "waiting for the answer")
    if isinstance(error, (aiohttp.ClientError, ValueError)):
        said = error.message.partition("\n")[0] if isinstance(error, aiohttp.ClientResponseError) else str(error)
        return BadReply(f"the answer's head is malformed: {said[:120] or type(error).__name__}")
    raise error


def translate_body(error: Exception) -> FetchError:
    """Translate what breaks off a body: however the connection was lost, the body is cut."""
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return TimedOut("silent in the middle of the body (--read-timeout)")
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError)):
        return Truncated("the connection was lost in the middle of the body")
    if isinstance(error, (aiohttp.ClientError, aiohttp.http.HttpProcessingError, ValueError)):
        return BadReply(f"the body is malformed: {type(error.__cause__ or error).__name__}")
    raise error
