"""What every engine is made with."""

import socket
import ssl
from dataclasses import dataclass

import certifi

from downloader import __version__
from downloader.engines.spool import Spool
from downloader.policy.address import Guard
from downloader.resolver import Resolver
from downloader.settings import Settings

USER_AGENT = f"parallel-image-downloader/{__version__}"


@dataclass(frozen=True, slots=True)
class Kit:
    """Settings and the shared parts; ``jobs`` fits the machine's limit of descriptors."""

    settings: Settings
    resolver: Resolver
    guard: Guard
    spool: Spool
    jobs: int
    ceiling: int  # descriptors from this number up are for work, not for idle connections

    def crowded(self, sock: socket.socket) -> bool:
        """Tell by a new socket whether descriptors run short: the system gives each the lowest number that is free."""
        return sock.fileno() >= self.ceiling

    @property
    def headers(self) -> dict[str, str]:
        """The request headers, the same from every engine."""
        return {
            "User-Agent": USER_AGENT,
            "Accept": "image/*,*/*;q=0.8",
            # Exact bytes: what is stored is what the server keeps, not what was compressed on the way.
            "Accept-Encoding": "identity",
        }

    def trust(self) -> ssl.SSLContext:
        """Make the TLS context all connections share: one choice of authorities for all engines."""
        context = ssl.create_default_context(cafile=self.settings.reach.ca_file or certifi.where())
        context.set_alpn_protocols(["http/1.1"])
        return context
