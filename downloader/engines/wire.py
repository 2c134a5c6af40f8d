"""requests' transport with our connections in it: one adapter that all threads share."""

import http.client
import re
import socket
import ssl
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read

from downloader.engines.dial import BoundedTlsSocket, Dialer, os_error
from downloader.engines.kit import Kit
from downloader.errors import BadReply, Reset

HEADER_LINES = 100
"""Most header lines of an answer, in every engine: http.client's own limit."""


MOST_POOLS = 256
"""Hosts whose connections are kept; a pool takes 5 kB, a TLS connection some 40."""


class _Head:
    """The lines of a head as they come; one that stops before its blank line was cut, which http.client lets pass."""

    def __init__(self, fp: Any) -> None:
        self.fp = fp
        self._begun = False

    def readline(self, limit: int) -> bytes:
        line: bytes = self.fp.readline(limit)
        if not line and self._begun:
            raise Reset("the server hung up in the middle of the head")
        self._begun = True
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fp, name)


class Reply(http.client.HTTPResponse):
    """An answer read as strictly as the other engines' parsers read it, where http.client is lax."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            # http.client knows only 100; any 1xx but 101 goes before the answer (RFC 9110 §15.2).
            if not 102 <= status <= 199:
                return version, status, reason
            http.client.parse_headers(self.fp)

    def begin(self) -> None:
        """Read the head; raises Reset or BadReply where http.client would let it pass."""
        head: Any = _Head(self.fp)
        self.fp = head
        super().begin()
        if self.fp is not None:  # http.client drops it where the answer has no body
            self.fp = head.fp
        if not self.chunked and self.headers.get("transfer-encoding", "").strip().lower() == "chunked":
            self.chunked, self.chunk_left, self.length = True, None, None  # http.client stumbles over a blank behind it
        if self.headers.defects:
            # Behind a line without a colon the email parser takes the rest of the head for body.
            raise BadReply(f"a malformed header line ({type(self.headers.defects[0]).__name__})")

    def _close_conn(self) -> None:
        surplus = self.length == 0 and not self.will_close and _holds_more(self.fp)
        super()._close_conn()  # type: ignore[misc]
        if surplus:
            raise BadReply("more bytes came than were announced")

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(http.client._MAXLINE + 1)  # type: ignore[attr-defined]
        if not line.endswith(b"\n"):
            if len(line) > http.client._MAXLINE:  # type: ignore[attr-defined]
                raise BadReply("the line of a chunk size is too long")
            raise http.client.IncompleteRead(b"")  # cut: "0" may have begun "0400"
        digits = line.split(b";")[0].strip(b" \t\r\n")
        # RFC 9112 §7.1: hex digits only. int() would also take a sign, blanks and underscores.
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", digits):
            raise BadReply(f"a chunk size is {line[:40]!r}")
        return int(digits, 16)

    def _get_chunk_left(self) -> int | None:
        left: int | None = self.chunk_left
        if not left:
            if left is not None and self._safe_read(2) != b"\r\n":  # type: ignore[attr-defined]
                raise BadReply("a chunk is not followed by a line end")
            left = self._read_next_chunk_size()
            if left == 0:
                self._read_and_discard_trailer()  # type: ignore[attr-defined]
                self._close_conn()
                left = None
            self.chunk_left = left
        return left


def _holds_more(fp: Any) -> bool:
    """Tell whether bytes are there behind a body that is complete: it was longer than announced."""
    sock = fp.raw._sock
    sock.idle = True
    try:
        if fp.peek(1):
            return True
    finally:
        sock.idle = False
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    return wait_for_read(sock, timeout=0.0) and bool(sock.recv(1, socket.MSG_PEEK))


def pool_classes(dialer: Dialer) -> dict[str, Any]:
    """Make urllib3's pools of connections that ``dialer`` makes."""

    class Plain(HTTPConnection):
        response_class = Reply

        def _new_conn(self) -> Any:
            return dialer.connect(self._dns_host, self.port)

    class Secure(HTTPSConnection):
        response_class = Reply

        def _new_conn(self) -> Any:
            return dialer.connect(self._dns_host, self.port)

        def connect(self) -> None:
            try:
                super().connect()
            except OSError as error:  # ssl's errors are OSErrors; ours are not
                raise os_error(error, f"opening TLS to {self.host}") from error

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class SharedAdapter(HTTPAdapter):
    """requests' adapter with one TLS context and our pools; made once, used by every thread."""

    def __init__(self, kit: Kit, dialer: Dialer) -> None:
        self._context = kit.trust()
        # Set on the context because urllib3 wraps the plain socket into a new object.
        self._context.sslsocket_class = _tls_class(kit.settings.limits.read_timeout)
        self._dialer = dialer
        # Several times as many hosts as can be at work, so that hosts in turn find their connections again.
        hosts = min(kit.ceiling, max(4 * kit.jobs, MOST_POOLS))
        super().__init__(pool_connections=hosts, pool_maxsize=kit.settings.pace.per_host or kit.jobs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager with our classes."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._dialer)

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> Any:
        """Find the pool by the URL alone: the context is the same for all, and no proxy is read here."""
        return self.poolmanager.connection_from_url(request.url)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Leave trust to the context; requests would load the authorities anew for every connection."""


def _tls_class(silence: float) -> type[ssl.SSLSocket]:
    return type("TlsSocket", (BoundedTlsSocket,), {"silence": silence})
