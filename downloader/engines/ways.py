"""Where the engines may go, by which way, and as whom."""

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from netrc import NetrcParseError, netrc

import certifi

from downloader.engines.hop import Hop
from downloader.errors import UsageError
from downloader.measures import NONE
from downloader.policy.address import endpoint, origin
from downloader.policy.guard import Guard
from downloader.policy.routes import Routes, check_unseen
from downloader.resolver import Lookup, Resolver
from downloader.settings import Reach
from downloader.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways out: names, addresses, proxies, logins and trust, the same for every engine."""

    resolver: Resolver
    guard: Guard
    routes: Routes
    ca_file: str
    insecure: bool = False
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)  # what Authorization says, by host

    @classmethod
    def of(cls, reach: Reach, surroundings: Surroundings, lookup: Lookup) -> "Ways":
        """Lay the settings over what the environment says. Raises UsageError."""
        return cls(
            guard=Guard.of(reach.allow_private, reach.allow_host),
            routes=_routes(reach, surroundings),
            ca_file=reach.ca_file or surroundings.ca_file or certifi.where(),
            insecure=reach.insecure,
            logins=_logins(reach.netrc, surroundings.netrc),
            resolver=Resolver(reach, lookup),
        )

    def hop(self, url: str, first: str, deadline: float) -> Hop:
        """Make the hop to ``url`` of an attempt that began with ``first``; raises PrivateAddress.

        A login goes to the very origin that the list names: a redirect to another host, scheme or port drops it.
        """
        host, port = endpoint(url)
        via = self.routes.via(url)
        if via is not None:
            check_unseen(self.guard, host, port)
        return Hop(host, port, deadline, via, self.logins.get(host) if origin(url) == origin(first) else None)

    def trust(self) -> ssl.SSLContext:
        """Make the TLS context all connections share: one choice of authorities for all engines."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # ssl's own are OSErrors
            raise UsageError(
                f"the authorities {self.ca_file!r} cannot be read: {error.strerror or error}; "
                "name a PEM file with --ca-file or SSL_CERT_FILE"
            ) from error
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        return context

    def remarks(self) -> list[str]:
        """Say what a person should know of the ways taken, once a run."""
        said = [
            f"asking through the proxy {proxy.url}: it looks names up, so where they lead is its business; "
            "private addresses in URLs are still refused"
            for proxy in dict.fromkeys(self.routes.proxies.values())
        ]
        return said + (["--insecure: certificates are not checked, anybody may answer"] if self.insecure else [])


def basic(user: str, password: str) -> str:
    """Give the credentials of RFC 7617."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _routes(reach: Reach, surroundings: Surroundings) -> Routes:
    direct = reach.no_proxy or re.split(r"[\s,]+", surroundings.no_proxy)
    if reach.proxy:
        return Routes.of(reach.proxy, direct)
    # "all" first: the word for one scheme goes before it.
    usual = [f"{scheme}={url}" for scheme, url in sorted(surroundings.proxies.items())]
    return Routes.of(usual, direct, "a proxy of the environment (--proxy none goes without)")


def _logins(named: str | None, usual: str | None) -> Mapping[str, str]:
    """Read a file of logins; the usual one may be missing, or not for us to read.

    Its "default" entry is passed over: a list of URLs leads to hosts that nobody has named.
    """
    path = named or usual
    if path is None or path == NONE:
        return {}
    try:
        entries = netrc(path).hosts
    except NetrcParseError as error:  # whose words quote what it stumbled over, a password perhaps
        raise UsageError(f"the logins {path!r} cannot be read: line {error.lineno} is odd; {_WITHOUT}") from None
    except (OSError, ValueError) as error:
        if named is None and isinstance(error, OSError):
            return {}
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"the logins {path!r} cannot be read: {said}; {_WITHOUT}") from None
    entries.pop("default", None)
    return {host.lower(): basic(login, password or "") for host, (login, _, password) in entries.items()}


_WITHOUT = "--netrc none goes without"
