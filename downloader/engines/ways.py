"""Where the engines may go, by which way, and as whom."""

import re
import ssl
from dataclasses import dataclass

import certifi

from downloader.engines.agent import user_agent
from downloader.engines.credentials import read_credentials
from downloader.engines.hop import Hop
from downloader.errors import UsageError
from downloader.policy.address import endpoint
from downloader.policy.guard import Guard
from downloader.policy.heads import Heads
from downloader.policy.routes import Routes, check_unseen
from downloader.resolver import Lookup, Resolver
from downloader.settings import Reach, Settings
from downloader.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways out: names, addresses, proxies, logins and trust, the same for every engine."""

    resolver: Resolver
    guard: Guard
    routes: Routes
    heads: Heads
    ca_file: str
    insecure: bool = False

    @classmethod
    def of(cls, settings: Settings, surroundings: Surroundings, lookup: Lookup) -> "Ways":
        """Lay the settings over what the environment says. Raises UsageError."""
        reach = settings.reach
        return cls(
            guard=Guard.of(reach.allow_private, reach.allow_host),
            routes=_routes(reach, surroundings),
            heads=Heads(settings.request, read_credentials(settings, surroundings), user_agent()),
            ca_file=reach.ca_file or surroundings.ca_file or certifi.where(),
            insecure=reach.insecure,
            resolver=Resolver(reach, lookup),
        )

    def hop(self, url: str, first: str, deadline: float) -> Hop:
        """Make the hop to ``url`` of an attempt that began with ``first``; raises PrivateAddress."""
        host, port = endpoint(url)
        via = self.routes.via(url)
        if via is not None:
            check_unseen(self.guard, host, port)
        return Hop(host, port, deadline, self.heads.head(url, first), via)

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

    def check_trust(self) -> None:
        """Raise UsageError where authorities that somebody has named cannot be read; it takes 30 ms to read many."""
        if self.ca_file != certifi.where():
            self.trust()

    def remarks(self) -> list[str]:
        """Say what a person should know of the ways taken, once a run."""
        said = [
            f"asking through the proxy {proxy.url}: it looks names up, so where they lead is its business; "
            "private addresses in URLs are still refused"
            for proxy in dict.fromkeys(self.routes.proxies.values())
        ]
        said += self.heads.remarks()
        return said + (["--insecure: certificates are not checked, anybody may answer"] if self.insecure else [])


def _routes(reach: Reach, surroundings: Surroundings) -> Routes:
    direct = reach.no_proxy or re.split(r"[\s,]+", surroundings.no_proxy)
    if reach.proxy:
        return Routes.of(reach.proxy, direct)
    # "all" first: the word for one scheme goes before it.
    usual = [f"{scheme}={url}" for scheme, url in sorted(surroundings.proxies.items())]
    return Routes.of(usual, direct, "a proxy of the environment (--proxy none goes without)")
