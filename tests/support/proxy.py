"""An HTTP proxy on the loopback: takes whole URLs, opens tunnels, and may ask for a login.

It looks names up in a table of its own, as a proxy does: ``names`` maps "host:port" to where it really goes.
"""

import base64
import socket
import socketserver
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self
from urllib.parse import quote, urlsplit

_PATIENCE = 30.0


class Proxy(socketserver.ThreadingTCPServer):
    """Serves while its ``with`` block lasts; ``asked`` keeps the request lines, ``heads`` the whole heads."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, names: Mapping[str, tuple[str, int]], login: str | None = None, tunnel: str = "200 Connection established"
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.names = names
        self.login = login  # "user:password", or None for none asked
        self.tunnel = tunnel
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="proxy")

    @property
    def url(self) -> str:
        """The proxy's URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url_with_login(self) -> str:
        """The proxy's URL as a person who has a login writes it."""
        user, _, password = (self.login or "").partition(":")
        return self.url.replace("//", f"//{quote(user)}:{quote(password, safe='')}@")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(_PATIENCE)
        self.server_close()


class _Handler(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        with suppress(OSError):
            while (head := self._head()) and self._answer(head):
                pass

    def _answer(self, head: bytes) -> bool:
        """Answer a request; tells whether the connection may bring another."""
        line, _, rest = head.decode("latin-1").partition("\r\n")
        method, target, _ = line.split(" ")
        self.server.asked.append(f"{method} {target}")
        self.server.heads.append(head.decode("latin-1"))
        if not self._knows(rest):
            self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return True
        if method == "CONNECT":
            self._tunnel(target)
        else:
            self._forward(method, target, rest)
        return False

    def _knows(self, fields: str) -> bool:
        if self.server.login is None:
            return True
        said = base64.b64encode(self.server.login.encode()).decode()
        return f"proxy-authorization: basic {said}".lower() in fields.lower()

    def _tunnel(self, target: str) -> None:
        self.request.sendall(f"HTTP/1.1 {self.server.tunnel}\r\n\r\n".encode())
        if not self.server.tunnel.startswith("200"):
            return
        with socket.create_connection(self.server.names[target], timeout=_PATIENCE) as there:
            back = threading.Thread(target=_pump, args=(there, self.request), name="proxy-back", daemon=True)
            back.start()
            _pump(self.request, there)
            back.join(_PATIENCE)

    def _forward(self, method: str, target: str, rest: str) -> None:
        parts = urlsplit(target)
        where = self.server.names[f"{parts.hostname}:{parts.port or 80}"]
        kept = [line for line in rest.split("\r\n") if line and not line.lower().startswith("proxy-")]
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        with socket.create_connection(where, timeout=_PATIENCE) as there:
            lines = [f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]
            there.sendall("\r\n".join(lines).encode("latin-1"))
            there.shutdown(socket.SHUT_WR)  # no more will come: the server hangs up behind its answer, and so do we
            _pump(there, self.request)

    def _head(self) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (byte := self.request.recv(1)):
                return b""
            head += byte
        return head


def _pump(source: Any, target: Any) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
