"""By which way a URL is asked: directly or through a proxy; and what is still refused where a proxy looks names up."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from downloader.errors import BadUrl, UsageError
from downloader.measures import NONE, without_login
from downloader.policy.address import PORTS, endpoint, normalise
from downloader.policy.guard import Guard, literal

PORT = 3128
"""The port of a proxy that names none: the one registered for it by habit, Squid's."""


_OWN_NAMES = frozenset(("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"))
"""What machines call themselves: RFC 6761 §6.3, and the names that systems put in /etc/hosts."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; ``login`` is shown nowhere."""

    host: str
    port: int
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The proxy's URL, without its login."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Routes:
    """Which proxy each URL is asked through; hosts in ``direct`` are asked without."""

    proxies: Mapping[str, Proxy] = field(default_factory=dict)  # by scheme
    direct: Sequence[str] = ()

    @classmethod
    def of(cls, proxies: Sequence[str], direct: Sequence[str], said: str = "--proxy") -> "Routes":
        """Read proxies as people write them: "http://host:port", "https=http://host:port", "none".

        The last word for a scheme holds. Raises UsageError for what is no HTTP proxy; ``said`` is who named it.
        """
        found: dict[str, Proxy] = {}
        for text in proxies:
            scheme, url = text.split("=", 1) if re.match(r"(https?|all)=", text) else ("all", text)
            for each in PORTS if scheme == "all" else (scheme,):
                found.pop(each, None)
                if url.lower() != NONE:
                    found[each] = _proxy(url, said)
        return cls(found, tuple(rule.lower().strip() for rule in direct if rule.strip()))

    def via(self, url: str) -> Proxy | None:
        """Give the proxy for a normalised URL, or None."""
        if not self.proxies:
            return None
        proxy = self.proxies.get(url.partition(":")[0])
        return None if proxy is None or self._is_direct(*endpoint(url)) else proxy

    def _is_direct(self, host: str, port: int) -> bool:
        return any(_matches(rule, host, port) for rule in self.direct)


def check_unseen(guard: Guard, host: str, port: int) -> None:
    """Raise PrivateAddress for a host that a proxy must not be asked for: it would look the name up itself.

    What a name leads to is the proxy's business, but a literal says it, and "localhost" is the proxy's own machine.
    """
    name = host.rstrip(".")
    if name in _OWN_NAMES or name.endswith(".localhost"):
        guard.permit(host, port, ["127.0.0.1"])
    elif address := literal(host):
        guard.permit(host, port, [address])


def _proxy(text: str, said: str) -> Proxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        # The host is judged as any URL's is, so that nothing odd gets as far as a connection.
        host, port = endpoint(normalise(f"http://{parts.netloc.rpartition('@')[2]}/"))
        if (
            "\\" in parts.netloc
            or parts.scheme != "http"
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
        ):
            raise ValueError
    except (ValueError, BadUrl):
        how = "write it like http://host:3128, or none; only HTTP is spoken"
        raise UsageError(f"{said} cannot be {without_login(text)!r}: {how}") from None
    login = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    return Proxy(host, port if parts.port else PORT, login)


def _matches(rule: str, host: str, port: int) -> bool:
    """Tell whether a rule means a host: "*", a network, a name and all below it, each perhaps with ":port"."""
    with suppress(ValueError):
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule.strip("[]"), strict=False)
    if found := re.fullmatch(r"(.*[^:]):([0-9]{1,5})", rule):
        if int(found[2]) != port:
            return False
        rule = found[1].strip("[]")
    rule = rule.removeprefix("*").lstrip(".")
    return not rule or host == rule or host.endswith(f".{rule}")
