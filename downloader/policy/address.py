"""Which URLs may be contacted, and how they are written: the identity of a task."""

import re
from contextlib import suppress
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from downloader.errors import BadUrl

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


def origin(url: str) -> str:
    """Give scheme, host and port of a normalised URL, as one text (RFC 6454 §4)."""
    return "/".join(url.split("/", 3)[:3])


def host_of(url: str) -> str:
    """Give the "host:port" that per-host limits count by, or "" for what is no URL."""
    try:
        host, port = endpoint(url)
    except (ValueError, KeyError):
        return ""
    return f"{host}:{port}"


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
