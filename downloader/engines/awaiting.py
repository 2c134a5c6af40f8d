"""One attempt with aiohttp, for the engine whose workers await."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import ClientResponse
from yarl import URL

from downloader.engines.attempt import AWAY, Attempt, Ended
from downloader.engines.connector import CheckedConnector, connector_error
from downloader.engines.dial import os_error, untunnelled
from downloader.engines.hop import Hop
from downloader.engines.kit import Kit
from downloader.engines.sentry import Sentry
from downloader.engines.watch import phase
from downloader.errors import (
    BadReply,
    FetchError,
    Reset,
    Starved,
    TimedOut,
    Truncated,
)
from downloader.model import Payload, Worker
from downloader.policy.exchange import Exchange, Read
from downloader.policy.fields import HEAD_BYTES, HEADER_LINES
from downloader.policy.heads import basic
from downloader.ports import Ticket

CHUNK = 64 << 10
"""Bytes aiohttp buffers of a body before it stops reading from the socket."""


class AwaitingClient:
    """Makes attempts in one event loop, through one session."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._limits = kit.settings.limits
        self._sentry = Sentry(self._limits.timeout)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=CheckedConnector(self._kit),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
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
        self._sentry.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sentry.__exit__(kind, error, trace)
        await self._session.close()

    async def attempt(self, ticket: Ticket, name: str) -> Ended:
        """Make one attempt in the calling task."""
        attempt = Attempt(ticket, Worker(name), self._kit)
        self._sentry.watch()
        try:
            return attempt.fetched(await self._fetch(attempt))
        except (FetchError, Starved) as error:
            return attempt.failed(error)
        except asyncio.CancelledError:
            if late := self._sentry.late():
                return attempt.failed(late)
            attempt.part.discard()
            raise
        finally:
            self._sentry.leave()

    async def _fetch(self, attempt: Attempt) -> Payload:
        exchange = attempt.exchange
        attempt.check_line()
        while True:
            async with await self._open(attempt) as reply:
                if await _judge(reply, exchange):
                    await self._read(reply, attempt)
                    return attempt.finish()

    async def _read(self, reply: ClientResponse, attempt: Attempt) -> None:
        clock = asyncio.get_running_loop().time  # which stands while nobody takes results
        speed = attempt.speedometer(clock())
        try:
            with phase(attempt.watch, "body"):
                async for chunk in _chunks(reply):
                    attempt.feed(chunk)
                    speed.feed(len(chunk), clock())
                    if pause := self._kit.pause(len(chunk)):
                        await asyncio.sleep(pause)
                        speed.excuse(pause)
        except Truncated:
            attempt.exchange.lost()

    async def _open(self, attempt: Attempt) -> ClientResponse:
        """Send the request and read the answer's head; once more if a kept connection had been closed meanwhile."""
        url, hop = attempt.exchange.url, attempt.hop()
        with phase(attempt.watch, "first_byte"):
            try:
                return await self._send(url, hop)
            except Reset:
                if hop.fresh:
                    raise
                return await self._send(url, hop)

    async def _send(self, url: str, hop: Hop) -> ClientResponse:
        try:
            return await self._session.get(URL(url, encoded=True), allow_redirects=False, **_addressed(url, hop))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise translate(error) from error


def _addressed(url: str, hop: Hop) -> dict[str, Any]:
    """Give what aiohttp is told of a hop's way: its proxy, and who learns which login."""
    own = hop.head.fields
    if hop.via is None:
        return {"headers": own}
    to_proxy = {"Proxy-Authorization": basic(*hop.via.login)} if hop.via.login else {}
    # Through a tunnel only the CONNECT is for the proxy; without one it reads the request itself.
    plain = url.startswith("http:")
    return {"headers": {**own, **to_proxy} if plain else own, "proxy": URL(hop.via.url), "proxy_headers": to_proxy}


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
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError)):
        return connector_error(error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return untunnelled(error.status, error.message)
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
