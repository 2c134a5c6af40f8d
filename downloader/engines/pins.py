"""What libcurl knows of names: nothing but the judged addresses we tell it, in its one cache for all transfers."""

from collections.abc import Sequence
from functools import lru_cache

from downloader.policy.guard import literal

MOST = 4096
"""Names kept in libcurl's cache at most; told entries never age there, so the oldest is taken out for a new one."""


class Pins:
    """The entries of that cache. Used by the engine's own thread alone.

    A told entry is read when its transfer begins, which is at the next turn of the loop, in no certain order: until
    then every transfer to that endpoint tells its own.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[tuple[str, int], Sequence[str]] = {}
        self._unread: set[tuple[str, int]] = set()

    def entries(self, host: str, port: int, addresses: Sequence[str]) -> list[str]:
        """Give what CURLOPT_RESOLVE is to say before a transfer to this endpoint; nothing where it is known."""
        at = host, port
        known = self._known.pop(at, None)
        self._known[at] = addresses  # the last in use is the last to go
        if known == addresses and at not in self._unread:
            return []
        told = [] if len(self._known) <= self._most else [self._forgotten()]
        self._unread.add(at)
        return [*told, f"{bracketed(host)}:{port}:{','.join(map(bracketed, addresses))}"]

    def read(self) -> None:
        """Hear that the loop has turned."""
        if self._unread:
            self._unread.clear()

    def _forgotten(self) -> str:
        host, port = next(iter(self._known))
        del self._known[host, port]
        return f"-{bracketed(host)}:{port}"


def bracketed(host: str) -> str:
    """Write an IPv6 address in brackets, and any other host as it is."""
    return f"[{host}]" if ":" in host else host


@lru_cache(MOST)
def known_as(host: str) -> str:
    """Give a host as libcurl writes it: "127.1" and other odd spellings of addresses in the usual one."""
    return literal(host) or host
