"""Which cookies go with a request (RFC 6265 §5.4): by an index, so that a large jar costs little."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import Cookie
from operator import itemgetter
from urllib.parse import urlsplit

# RFC 6265 §4.1.1, and spaces, commas and quotes besides, which servers set and browsers send back.
_SENDABLE = re.compile(r"[\x20-\x3a\x3c-\x7e]*")

_ADDRESS = re.compile(r".*:.*|.*\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Cookies:
    """Cookies by the host, or the domain with its dot, that they are for; those of one are ordered as they are sent."""

    _by_domain: Mapping[str, list[tuple[str, bool, str]]] = field(repr=False)  # path, only over TLS, "name=value"
    unsendable: int = 0  # cookies left out for what they hold

    @classmethod
    def of(cls, cookies: Iterable[Cookie], now: float) -> "Cookies":
        """Index what a jar holds; what has expired by ``now``, in seconds since the epoch, is left out."""
        by_domain: dict[str, list[tuple[str, bool, str]]] = {}
        unsendable = 0
        for cookie in cookies:
            # 0 is how curl and wget write "until the browser closes".
            if cookie.expires and cookie.expires <= now:
                continue
            said = cookie.name if cookie.value is None else f"{cookie.name}={cookie.value}"
            if not _SENDABLE.fullmatch(said):
                unsendable += 1
                continue
            path = cookie.path if cookie.path.startswith("/") else "/"
            by_domain.setdefault(cookie.domain.lower(), []).append((path, cookie.secure, said))
        return cls(by_domain, unsendable)

    def header(self, url: str) -> str:
        """Give what Cookie says in a request for a normalised URL; "" for nothing."""
        parts = urlsplit(url)
        found = [
            (len(path), said)
            for domain in _domains(parts.hostname or "")
            for path, secure, said in self._by_domain.get(domain, ())
            if (not secure or parts.scheme == "https") and _lies_below(parts.path, path)
        ]
        if not found:
            return ""
        # Longer paths first (RFC 6265 §5.4); among equals the order of the file stays.
        return "; ".join(said for _, said in sorted(found, key=itemgetter(0), reverse=True))


def _domains(host: str) -> Iterator[str]:
    """Give what cookies for a host may be filed under: itself, and it and all above it as domains with a dot."""
    yield host
    yield f".{host}"
    if _ADDRESS.fullmatch(host):
        return  # RFC 6265 §5.1.3: an address has nothing above it
    while dot := host.find(".") + 1:
        host = host[dot:]
        yield f".{host}"


def _lies_below(path: str, above: str) -> bool:
    """Tell whether a cookie for ``above`` goes to ``path`` (RFC 6265 §5.1.4)."""
    return path.startswith(above) and (path == above or above.endswith("/") or path[len(above)] == "/")
