"""Which URLs, and which resolved addresses, may be contacted."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from downloader.errors import BadUrl, PrivateAddress, UsageError

MAX_URL = 16 << 10
"""Longest URL, in characters, that is worth a request; servers stop at 8 to 16 KiB."""

PORTS = {"http": 80, "https": 443}

# RFC 3986 §3.3 and §3.4: what may stand bare in a path and in a query. urllib3 escapes by the same sets, so that both
# engines put the same bytes on the wire.
_PATH = "/%:@!$&'()*+,;=~-._"
_QUERY = _PATH + "?"

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")

# RFC 3986 §3.2.2, and no zone: that means something on one machine alone.
_BRACKETED = re.compile(r"\[[0-9a-fA-F:.]+\](:.*)?")

# What the IANA special-purpose registries (RFC 6890 and its updates) do not call globally reachable, and the ranges
# that carry an IPv4 address inside an IPv6 one by way of a relay that may be anybody's.
_CLOSED: Sequence[tuple[IPv4Network | IPv6Network, str]] = tuple(
    (ip_network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this-network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol-assignment"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/96", "unspecified, loopback or IPv4-compatible"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard-only"),
        ("2001::/23", "Teredo or protocol-assignment"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment-routing"),
        ("fc00::/7", "unique-local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)

_GLOBAL = ip_network("2000::/3")  # RFC 4291 §2.4: all that IANA has given out of IPv6

_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is really contacted


def normalise(text: str) -> str:
    """Give a URL as it goes on the wire: the identity of a task. Idempotent.

    Scheme and host in lower case, the host in IDNA form, default port and fragment dropped, what RFC 3986 does not
    allow bare percent-encoded, nothing else touched. Raises BadUrl.
    """
    text = text.strip()
    _check_length(text)
    parts = _split(text)
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        said = f"{scheme}: cannot be fetched" if scheme and not parts.path[:1].isdigit() else "it has no scheme"
        raise BadUrl(f"{said}, only http:// and https:// can: {text[:200]!r}")
    if "@" in parts.netloc:
        raise BadUrl(f"a user name in a URL is not sent; take it out: {scheme}://…@{parts.netloc.rpartition('@')[2]}")
    host = _host(parts, text)
    port = _port(parts, text)
    at = host if port in (None, PORTS[scheme]) else f"{host}:{port}"
    try:
        query = f"?{_escape(parts.query, _QUERY)}" if parts.query else ""
        url = f"{scheme}://{at}{_escape(parts.path, _PATH) or '/'}{query}"
    except UnicodeEncodeError:
        raise BadUrl(f"half a character (a lone surrogate) stands in it: {text[:200]!r}") from None
    _check_length(url)
    return url


def follow(base: str, location: str) -> str:
    """Give the normalised URL that a redirect from ``base`` leads to; raises BadUrl."""
    # Servers send raw UTF-8 in Location, which HTTP libraries hand over as Latin-1 (RFC 9110 §5.5).
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        return normalise(urljoin(base, location.strip()))
    except ValueError:
        raise BadUrl(f"the redirect to {location[:200]!r} is no URL") from None
    except BadUrl as error:
        raise BadUrl(f"redirected: {error.detail}") from None


def endpoint(url: str) -> tuple[str, int]:
    """Give host and port of a normalised URL; an IPv6 host comes without its brackets."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def host_of(url: str) -> str:
    """Give the "host:port" that per-host limits count by, or "" for what is no URL."""
    try:
        host, port = endpoint(url)
    except (ValueError, KeyError):
        return ""
    return f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges the addresses a host resolves to; opened for all by ``private``, or host by host."""

    private: bool = False
    hosts: frozenset[tuple[str, int | None]] = frozenset()  # port None: any

    @classmethod
    def of(cls, allow_private: bool, allow_host: Sequence[str]) -> "Guard":  # noqa: FBT001 - a setting's value
        """Read the rules as people write them; raises UsageError."""
        return cls(allow_private, frozenset(_rule(text) for text in allow_host))

    def permit(self, host: str, port: int, addresses: Sequence[str]) -> Sequence[str]:
        """Give the addresses that may be contacted for this host; raises PrivateAddress when none is left."""
        if self.private or {(host, port), (host, None)} & self.hosts:
            return addresses
        judged = [(address, closed(address)) for address in addresses]
        if good := [address for address, reason in judged if reason is None]:
            return good
        address, reason = judged[0]
        where = address if address == host else f"{host} ({address})"
        raise PrivateAddress(f"{where} is a {reason} address")


def closed(address: str) -> str | None:
    """Say why an address is not for the public internet, or None when it is."""
    if "%" in address:
        return "zone-bound"
    ip = ip_address(address)
    inner = _embedded(ip)
    if inner is not None:
        return closed(str(inner))
    unassigned = "reserved" if ip.version == 6 and ip not in _GLOBAL else None
    return next((name for network, name in _CLOSED if ip in network), unassigned)


def _embedded(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(ip, IPv4Address):
        return None
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped


def _check_length(text: str) -> None:
    if len(text) > MAX_URL:
        raise BadUrl(f"the URL is {len(text)} characters long, the most is {MAX_URL}")


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise BadUrl(f"{error}: {text[:200]!r}") from None


def _host(parts: SplitResult, text: str) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc:
        try:
            if not _BRACKETED.fullmatch(parts.netloc):
                raise ValueError
            return f"[{IPv6Address(host)}]"
        except ValueError:
            raise BadUrl(f"{host!r} is no IPv6 address: {text[:200]!r}") from None
    if not host.isascii():
        host = _idna(host, text)
    if len(host) > 253 or not _HOST.fullmatch(host) or any(len(label) > 63 for label in host.split(".")):
        raise BadUrl(f"{host[:80]!r} is no host name: {text[:200]!r}" if host else f"it names no host: {text[:200]!r}")
    return host


def _idna(host: str, text: str) -> str:
    import idna  # loaded only for the rare list that needs its tables

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadUrl(f"{host!r} is no host name ({error}): {text[:200]!r}") from None


def _port(parts: SplitResult, text: str) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise BadUrl(f"the port is not a number from 1 to 65535: {text[:200]!r}")
    return port


_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_STRAY = re.compile(r"%(?![0-9a-fA-F]{2})")


def _escape(text: str, safe: str) -> str:
    if "%" in text:
        text = _ESCAPE.sub(lambda escape: escape[0].upper(), _STRAY.sub("%25", text))
    return quote(text, safe=safe, errors="surrogateescape")


def _rule(text: str) -> tuple[str, int | None]:
    try:
        if re.search(r"[/?#@\s]", text):
            raise BadUrl("more than a host")
        host, _ = endpoint(normalise(f"http://{text}"))
    except BadUrl:
        raise UsageError(
            f"--allow-host cannot be {text!r}: write HOST or HOST:PORT, an IPv6 address in [brackets]"
        ) from None
    return host, urlsplit(f"//{text}").port
