"""A server that nobody may connect to, beside one that plays the public internet, both on one port."""

import errno
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Self

from tests.support.hostile import _TICK, HostileServer, Script, good

PUBLIC = "127.0.0.2"
"""The address that plays the public internet."""

PRIVATE = ("127.0.0.1", "::1")
"""Where the canary sits."""

PORT_TRIES = 50
"""A port that is free on one address may be taken on another."""

KNOCK = "/knock"


class Neighbour(HostileServer):
    """A hostile server on a listener that it is given, so that several can share a port."""

    def __init__(
        self, listener: socket.socket, scripts: Mapping[str, Script], *, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(scripts, ssl_context=ssl_context)
        self._listener = listener
        self.address, self.port = listener.getsockname()[:2]

    def __enter__(self) -> Self:
        self._listener.settimeout(_TICK)
        self._acceptor = threading.Thread(target=self._accept, name="hostile-acceptor", daemon=True)
        self._acceptor.start()
        return self

    @property
    def origin(self) -> str:
        """Give scheme, host and port."""
        return f"{'https' if self._ssl_context else 'http'}://{self.host}"

    @property
    def host(self) -> str:
        """Give host and port."""
        return f"{self.address}:{self.port}"


class Canary:
    """Servers of good images on the private addresses of this machine; they count who connects."""

    def __init__(self, servers: Sequence[Neighbour]) -> None:
        self.servers = servers

    @property
    def connections(self) -> int:
        """How many connected until now, whether they asked for anything or not."""
        return sum(map(_connections, self.servers))

    @property
    def hits(self) -> int:
        """How many requests came."""
        return sum(server.hits.total() - server.hits[KNOCK] for server in self.servers)


def _connections(server: Neighbour) -> int:
    # Connections are accepted in their order: when a knock of our own is answered, whoever came before it has been
    # counted, and a canary that has died cannot pass for one that nobody visited.
    with socket.create_connection((server.address, server.port), timeout=10) as knock:
        knock.sendall(f"GET {KNOCK} HTTP/1.1\r\nHost: canary\r\n\r\n".encode())
        assert knock.recv(8).startswith(b"HTTP/1.1")
    return server.connections - server.hits[KNOCK]


@contextmanager
def beside_a_canary(
    scripts: Mapping[str, Script], ssl_context: ssl.SSLContext | None = None
) -> Iterator[tuple[Neighbour, Canary]]:
    """Give a public server of these scripts, over TLS where told so, and a canary on the same port."""
    with ExitStack() as stack:
        public, *private = [stack.enter_context(listener) for listener in _listeners([PUBLIC, *PRIVATE])]
        server = stack.enter_context(Neighbour(public, scripts, ssl_context=ssl_context))
        yield server, Canary([stack.enter_context(Neighbour(listener, {"/*": good})) for listener in private])


def _listeners(addresses: Sequence[str]) -> Sequence[socket.socket]:
    """Listen on a port that is free on all addresses; an IPv6 address that this machine lacks is left out."""
    for _ in range(PORT_TRIES):
        with ExitStack() as opened:
            listeners: list[socket.socket] = []
            try:
                for address in addresses:
                    port = listeners[0].getsockname()[1] if listeners else 0
                    listeners += map(opened.enter_context, _listener(address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            opened.pop_all()
            return listeners
    raise RuntimeError(f"no port is free on all of {addresses}")


def _listener(address: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        yield socket.create_server((address, port), family=family, backlog=1024)
    except OSError as error:
        if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
            raise
