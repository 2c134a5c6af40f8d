"""How many connections there are, and what of them never gets to be a request.

A head must be there in ``HEAD`` seconds (the time of aiohttp's idle connections, which also runs before the first
request). Where all places are taken, the connection that has been waiting longest without a request goes: those who
open connections and say nothing make room for those who ask.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from downloader.service.problems import Handler, document
from downloader.service.security import put_headers

HEAD = 15.0
"""Seconds in which the head of a request must be there, and after which an idle connection is closed."""

MOST = 256
"""Connections at once; each may need a handful of the 1,024 descriptors that a process usually has."""

STALLED = 120.0
"""Seconds in which a client must take something of what it is sent; then its connection ends (RFC 5482)."""

HOW: Mapping[str, Any] = {"access_log": None, "keepalive_timeout": HEAD, "auto_decompress": False}
"""What aiohttp is told of each connection."""

_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(RequestHandler):
    """One connection; what is no HTTP is told so as every other error is."""

    __slots__ = ("_leave",)

    def __init__(self, server: web.Server, leave: Callable[["Connection"], None], **how: Any) -> None:
        """Take what to call when it is gone."""
        self._leave = leave
        super().__init__(server, **how)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give its place back."""
        self._leave(self)
        super().connection_lost(exc)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound the time in which nothing of an answer is taken."""
        sock = transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):  # Linux alone has it
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STALLED * 1000))
        super().connection_made(transport)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002 - aiohttp's own signature
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be read; raises ConnectionError where an answer has begun already."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        said = " ".join((message or "").split())[:200]
        response = document(
            status, f"the request cannot be read: {said}" if status < 500 else "an error in the service"
        )
        put_headers(response)
        response.headers["Server"] = "downloader"  # else aiohttp tells its version, and Python's
        response.force_close()
        return response


class Refusal(asyncio.Protocol):
    """A connection that there is no place for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so and close."""
        if isinstance(transport, asyncio.Transport):
            transport.write(_REFUSAL)
            transport.close()


class Connections:
    """Owns the places. Used on the event loop alone."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._open: set[Connection] = set()
        self._idle: dict[RequestHandler, None] = {}  # of these without a request, those waiting longest first

    def admit(self, server: web.Server | None) -> asyncio.BaseProtocol:
        """Give the protocol of a new connection."""
        if server is None or (len(self._open) >= self._most and not self._makes_room()):
            return Refusal()
        connection = Connection(server, self._leave, loop=asyncio.get_running_loop(), **HOW)
        self._open.add(connection)
        self._idle[connection] = None
        return connection

    def _leave(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def _makes_room(self) -> bool:
        oldest = next((each for each in self._idle if each.transport is not None), None)
        if oldest is None or oldest.transport is None:
            return False
        oldest.transport.abort()
        self._idle.pop(oldest)
        return True

    def watched(self) -> object:
        """Make the middleware that tells connections with a request from those without."""

        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._idle.pop(request.protocol, None)
            try:
                return await handler(request)
            finally:
                if request.protocol in self._open:
                    self._idle[request.protocol] = None

        return watch
