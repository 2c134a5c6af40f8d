"""Opening a tunnel through a proxy as strictly as aiohttp does, where http.client takes a head of any size."""

from typing import Any

from downloader.engines.dial import untunnelled
from downloader.errors import BadReply, Reset

MOST_LINES = 128
MOST_LINE = 8190
"""aiohttp's own limits for the head of such an answer, and the only ones it knows."""


class _Bounded:
    """The lines of a head, while there are not too many."""

    def __init__(self, fp: Any) -> None:
        self._fp = fp
        self._lines = 0

    def readline(self, _: int) -> bytes:
        self._lines += 1
        line: bytes = self._fp.readline(MOST_LINE + 3)
        if self._lines > MOST_LINES + 2 or len(line) > MOST_LINE + 2:
            raise BadReply("the head of the proxy's answer is too long")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fp, name)


def open_tunnel(connection: Any) -> None:
    """Have a connection to a proxy lead to the host behind it. Raises FetchError."""
    host = connection._tunnel_host
    target = f"{f'[{host}]' if ':' in host else host}:{connection._tunnel_port}"
    fields = {"Host": target} | dict(connection._tunnel_headers)
    lines = [f"CONNECT {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    connection.send("\r\n".join(lines).encode("latin-1"))
    reply = connection.response_class(connection.sock, method="CONNECT")
    try:
        reply.fp = _Bounded(reply.fp)
        reply.begin()
        if reply.status != 200:
            raise untunnelled(reply.status, reply.reason)
    except ConnectionError as error:
        raise Reset("the proxy hung up while opening a tunnel") from error
    finally:
        reply.close()
