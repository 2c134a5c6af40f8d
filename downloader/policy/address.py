"""Which URLs may be contacted, and how they are written: the identity of a task."""

import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from downloader.errors import BadUrl

MAX_URL = 16 << 10
"""Longest URL, in characters, that is worth a request; servers stop at 8 to 16 KiB."""

NO_URL = "no URL: "
"""How a line begins that stands in the place of a URL: what follows tells why there is none, and of what."""

PORTS = {"http": 80, "https": 443}

# RFC 3986 §3.3 and §3.4: what may stand bare in a path and in a query. urllib3 escapes by the same sets, so that both
# engines put the same bytes on the wire.
_PATH = "/%:@!$&'()*+,;=~-._"
_QUERY = _PATH + "?"

# What most lists hold: a URL that is normal already, its host short and without odd characters. Anything else, and a
# port that may need a word, goes the long way.
_BARE = r"[A-Za-z0-9/:@!$&'()*+,;=~._-]*(?:%[0-9A-F]{2}[A-Za-z0-9/:@!$&'()*+,;=~._-]*)*"
_NORMAL = re.compile(
    rf"(https?://[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*(?::[1-9][0-9]{{0,4}})?)/{_BARE}(?:\?(?!\Z){_BARE}(?:\?{_BARE})*)?"
)

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")

# RFC 3986 §3.2.2, and no zone: that means something on one machine alone.
_BRACKETED = re.compile(r"\[[0-9a-fA-F:.]+\](:.*)?")

_LONGEST_HOST = 253
"""Characters of a host's name at most (RFC 1035 §2.3.4)."""

_LONGEST_LABEL = 63
"""Characters of a part of it at most."""

# WHATWG URL §4.4: these are taken off the ends, and those out of everything.
_BLANK = "".join(map(chr, range(0x21)))
_DROPPED = {ord(character): None for character in "\t\n\r"}

_LOOSE = re.compile(r"(https?:)/*", re.IGNORECASE)

# What can only be a host where no scheme is: dots in it, and letters at its end, as no file in a folder has them.
_DOMAIN = re.compile(r"(?:[\w-]+\.)+(?:xn--[\w-]+|[^\W\d_]{2,})")

_LEAD = re.compile(r":[/\\]{2,}|^\s*[/\\]{2,}|^\s*[a-z][a-z0-9+.-]*:[/\\]*", re.IGNORECASE)


def normalise(text: str) -> str:
    """Give a URL as it goes on the wire: the identity of a task. Idempotent.

    Scheme and host in lower case, the host in IDNA form, default port and fragment dropped, what RFC 3986 does not
    allow bare percent-encoded, and mended what browsers mend (``mended``); nothing else is touched. Raises BadUrl.
    """
    text = text.strip()
    _check_length(text)
    if (normal := _NORMAL.fullmatch(text)) and _is_normal(normal[1]):
        return text
    text = mended(text)
    parts = _split(text)
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise BadUrl(_without_scheme(parts, text))
    if "@" in parts.netloc:
        host = parts.netloc.rpartition("@")[2]
        raise BadUrl(
            f"a user name in a URL is not sent: take it out, and give the login with --netrc FILE: {scheme}://…@{host}"
        )
    host = _host(parts, text)
    port = _port(parts, text)
    at = host if port in (None, PORTS[scheme]) else f"{host}:{port}"
    try:
        query = f"?{_escape(parts.query, _QUERY)}" if parts.query else ""
        url = f"{scheme}://{at}{_escape(parts.path, _PATH) or '/'}{query}"
    except UnicodeEncodeError:
        raise BadUrl(f"half a character (a lone surrogate) stands in it: {_said(text)}") from None
    _check_length(url)
    return url


def mended(text: str) -> str:
    """Give a URL with what people leave out or mistype set right, as browsers do (WHATWG URL, §4.4).

    Tabs and line breaks go, backslashes before the query are slashes, and behind ``http:`` stands ``//`` whatever was
    there. Where a browser has a page's scheme or an address bar's guess, it is https: for ``//host`` and ``host/path``.
    """
    text = text.strip(_BLANK).translate(_DROPPED)
    head, mark, tail = _cut_at_query(text)
    if "\\" in head:
        text = (head := head.replace("\\", "/")) + mark + tail
    if loose := _LOOSE.match(text):
        return f"{loose[1]}//{text[loose.end() :]}"
    if head.startswith("//"):
        return f"https:{text}"
    host, slash, _ = head.partition("/")
    return f"https://{text}" if slash and len(host) <= _LONGEST_HOST and _DOMAIN.fullmatch(host) else text


def masked(text: str) -> str:
    """Give a text that is no URL, fit to be kept and shown: what may be a login is left out, up to the last ``@``."""
    end = text.rfind("@")
    lead = _LEAD.search(text, 0, end) if end >= 0 else None
    return f"{text[: lead.end()]}…{text[end:]}" if lead else text


def follow(base: str, location: str) -> str:
    """Give the normalised URL that a redirect from ``base`` leads to; raises BadUrl."""
    # Servers send raw UTF-8 in Location, which HTTP libraries hand over as Latin-1 (RFC 9110 §5.5).
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    head, mark, tail = _cut_at_query(location.strip())
    try:
        return normalise(urljoin(base, head.replace("\\", "/") + mark + tail))
    except ValueError:
        raise BadUrl(f"the redirect to {_said(location)} is no URL") from None
    except BadUrl as error:
        raise BadUrl(f"redirected: {error.detail}") from None


def endpoint(url: str) -> tuple[str, int]:
    """Give host and port of a normalised URL; an IPv6 host comes without its brackets."""
    return _endpoint(_front(url))


def origin(url: str) -> str:
    """Give scheme, host and port of a normalised URL, as one text (RFC 6454 §4)."""
    return _front(url)


def host_of(url: str) -> str:
    """Give the "host:port" that per-host limits count by, or "" for what is no URL."""
    return _host_at(_front(url))


def _front(url: str) -> str:
    """Give what stands before the path."""
    return "/".join(url.split("/", 3)[:3])


# Lists name the same hosts over and over, and taking a URL apart costs more than finding its host here.
@lru_cache(maxsize=4096)
def _endpoint(front: str) -> tuple[str, int]:
    parts = urlsplit(front)
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


@lru_cache(maxsize=4096)
def _host_at(front: str) -> str:
    try:
        host, port = _endpoint(front)
    except (ValueError, KeyError):
        return ""
    return f"{host}:{port}"


@lru_cache(maxsize=4096)
def _is_normal(front: str) -> bool:
    """Tell whether a host is short enough for every rule, and a port one that must be told."""
    parts = urlsplit(front)
    try:
        return len(parts.netloc) <= _LONGEST_LABEL and parts.port != PORTS[parts.scheme]
    except ValueError:
        return False


def _cut_at_query(text: str) -> tuple[str, str, str]:
    """Give what stands before the query or the fragment, the mark, and the rest."""
    end = min((at for at in (text.find("?"), text.find("#")) if at >= 0), default=len(text))
    return text[:end], text[end : end + 1], text[end + 1 :]


def _without_scheme(parts: SplitResult, text: str) -> str:
    if not text:
        return "there is no URL"
    if text.startswith(NO_URL):
        return masked(text)[:400]
    if parts.scheme and not parts.path[:1].isdigit():
        return f"{parts.scheme}: cannot be fetched, only http:// and https:// can: {_said(text)}"
    return f"it has no scheme: write http:// or https:// before the host: {_said(text)}"


def _said(text: str) -> str:
    return repr(masked(text)[:200])


def _check_length(text: str) -> None:
    if len(text) > MAX_URL:
        raise BadUrl(f"the URL is {len(text)} characters long, the most is {MAX_URL}")


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise BadUrl(f"{error}: {_said(text)}") from None


def _host(parts: SplitResult, text: str) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc:
        try:
            if not _BRACKETED.fullmatch(parts.netloc):
                raise ValueError
            return f"[{IPv6Address(host)}]"
        except ValueError:
            raise BadUrl(f"{host!r} is no IPv6 address: {_said(text)}") from None
    if not host.isascii():
        host = _idna(host, text)
    if (
        len(host) > _LONGEST_HOST
        or not _HOST.fullmatch(host)
        or any(len(label) > _LONGEST_LABEL for label in host.split("."))
    ):
        raise BadUrl(f"{host[:80]!r} is no host name: {_said(text)}" if host else f"it names no host: {_said(text)}")
    return host


def _idna(host: str, text: str) -> str:
    import idna  # loaded only for the rare list that needs its tables

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadUrl(f"{host!r} is no host name ({error}): {_said(text)}") from None


def _port(parts: SplitResult, text: str) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise BadUrl(f"the port is not a number from 1 to 65535: {_said(text)}")
    return port


_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_STRAY = re.compile(r"%(?![0-9a-fA-F]{2})")


def _escape(text: str, safe: str) -> str:
    if "%" in text:
        text = _ESCAPE.sub(lambda escape: escape[0].upper(), _STRAY.sub("%25", text))
    return quote(text, safe=safe, errors="surrogateescape")
