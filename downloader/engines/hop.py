"""The hop under way, as the connection classes of both HTTP libraries see it.

Neither library hands its caller's data down to where sockets are made, so it travels in a context variable: one value
a thread in the thread engine, one a task in the async engine.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from downloader.engines.watch import Watch
from downloader.policy.heads import Head, basic
from downloader.policy.routes import Proxy


@dataclass(slots=True)
class Hop:
    """One request to one endpoint."""

    host: str
    port: int
    deadline: float  # monotonic seconds: the end of the whole attempt
    head: Head
    via: Proxy | None = None
    fresh: bool = False  # a connection was made for it; on a kept one the server may have hung up meanwhile
    watch: Watch | None = None  # where the time goes, if somebody wants to know
    connected_by: float | None = None  # monotonic seconds, while a connection is made: tunnel and TLS included
    sock: Any = None  # the blocking socket it reads from, so that whoever gives up can hang up

    @property
    def secrets(self) -> list[str]:
        """What it tells the server or the proxy that no text may show."""
        to_proxy = [basic(*self.via.login)] if self.via and self.via.login else []
        return [*self.head.secret.values(), *to_proxy]


current: ContextVar[Hop] = ContextVar("hop")
