"""libcurl's easy handles, with all options set that are the same for every image."""

from typing import Any

import pycurl

from downloader.engines.hop import Hop
from downloader.engines.kit import Kit
from downloader.engines.pins import known_as
from downloader.policy.heads import Head

CHUNK = 128 << 10
"""Bytes libcurl reads at once; it hands them over in pieces of 16 KiB."""

CHUNK_PACED = 16 << 10
"""The same under --limit-rate: the unit in which bytes are spread."""

NEVER = 24 * 3600
"""Seconds that libcurl itself waits for a connection: the limits are ours, and their clock stands while ours does."""


def make_easy(kit: Kit) -> Any:
    """Make a handle. Nothing of the machine, its environment or its files has a say in it."""
    easy = pycurl.Curl()
    for option, value in _OPTIONS.items():
        easy.setopt(option, value)
    easy.setopt(pycurl.BUFFERSIZE, CHUNK_PACED if kit.throttle else CHUNK)
    easy.setopt(pycurl.RESOLVER_START_FUNCTION, _no_lookup)
    easy.setopt(pycurl.CAINFO, kit.ways.ca_file)
    easy.unsetopt(pycurl.CAPATH)
    if kit.ways.insecure:
        easy.setopt(pycurl.SSL_VERIFYPEER, 0)
        easy.setopt(pycurl.SSL_VERIFYHOST, 0)
    if kit.settings.reach.http2:
        easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        easy.setopt(pycurl.PIPEWAIT, 1)
    return easy


_OPTIONS = {
    pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.FOLLOWLOCATION: 0,  # redirects are ours to judge
    pycurl.PATH_AS_IS: 1,  # URLs are ours to write
    pycurl.HTTP_CONTENT_DECODING: 0,  # bytes are ours to decode
    # The raw chunks come to us, and libcurl still follows them to keep the connection.
    pycurl.HTTP_TRANSFER_DECODING: 0,
    pycurl.PROXY: "",  # else the environment would name one
    pycurl.NOPROXY: "",
    pycurl.NETRC: pycurl.NETRC_IGNORED,
    pycurl.NOSIGNAL: 1,
    pycurl.TCP_NODELAY: 1,
    pycurl.TCP_KEEPALIVE: 1,
    pycurl.DNS_CACHE_TIMEOUT: -1,  # the answers' age is our resolver's business
    pycurl.CONNECTTIMEOUT: NEVER,
    pycurl.TIMEOUT: 0,
}


def _no_lookup(*_: object) -> int:
    """Refuse: libcurl knows the addresses we tell it, and asks no name server."""
    return 1


class Excess:
    """Hears whether a handle drops bytes that came behind the announced end: libcurl tells that in its log alone."""

    def __init__(self, easy: Any) -> None:
        self._easy = easy
        self.listening = self.heard = False
        easy.setopt(pycurl.DEBUGFUNCTION, self._hear)

    def listen(self, *, on: bool) -> None:
        """Listen from now on, or no more: the log costs more than the transfer."""
        self.heard = False
        if on != self.listening:
            self.listening = on
            self._easy.setopt(pycurl.VERBOSE, int(on))

    def _hear(self, kind: int, text: bytes) -> None:
        self.heard = self.heard or (kind == pycurl.INFOTYPE_TEXT and text.startswith(b"Excess found"))


class Lines:
    """Heads as the lines libcurl takes; that which most requests share is written once."""

    def __init__(self) -> None:
        self._last: Head | None = None
        self._written: list[str] = []

    def of(self, hop: Hop, url: str) -> list[str]:
        """Give the lines of a hop's request, what libcurl would add or write otherwise by itself put right."""
        head = hop.head
        if head is not self._last:
            self._last, self._written = head, _lines(head)
        if known_as(hop.host) == hop.host and ":" not in hop.host:
            return self._written
        return [f"Host: {url.split('/', 3)[2]}", *self._written]


def _lines(head: Head) -> list[str]:
    said = {name.lower() for name in head.fields}
    unsaid = [f"{name}:" for name in _OWN if name.lower() not in said]
    return [f"{name}: {value}" for name, value in head.fields.items()] + unsaid


_OWN = ("User-Agent", "Accept")
"""Fields that pycurl and libcurl fill in by themselves, unless they are named without a value."""
