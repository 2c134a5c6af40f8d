"""requests' transport with our connections in it: one adapter that all threads share."""

import ssl
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from downloader.engines.dial import BoundedTlsSocket, Dialer, os_error
from downloader.engines.kit import Kit
from downloader.engines.reply import Reply

MOST_POOLS = 256
"""Hosts whose connections are kept; a pool takes 5 kB, a TLS connection some 40."""


def pool_classes(dialer: Dialer) -> dict[str, Any]:
    """Make urllib3's pools of connections that ``dialer`` makes."""

    class Plain(HTTPConnection):
        response_class = Reply

        def _new_conn(self) -> Any:
            return dialer.connect(self._dns_host, self.port)

    class Secure(HTTPSConnection):
        response_class = Reply

        def _new_conn(self) -> Any:
            return dialer.connect(self._dns_host, self.port)

        def connect(self) -> None:
            try:
                super().connect()
            except OSError as error:  # ssl's errors are OSErrors; ours are not
                raise os_error(error, f"opening TLS to {self.host}") from error

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class SharedAdapter(HTTPAdapter):
    """requests' adapter with one TLS context and our pools; made once, used by every thread."""

    def __init__(self, kit: Kit, dialer: Dialer) -> None:
        self._context = kit.trust()
        # Set on the context because urllib3 wraps the plain socket into a new object.
        self._context.sslsocket_class = _tls_class(kit.settings.limits.read_timeout)
        self._dialer = dialer
        # Several times as many hosts as can be at work, so that hosts in turn find their connections again.
        hosts = min(kit.ceiling, max(4 * kit.jobs, MOST_POOLS))
        super().__init__(pool_connections=hosts, pool_maxsize=kit.settings.pace.per_host or kit.jobs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager with our classes."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._dialer)

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> Any:
        """Find the pool by the URL alone: the context is the same for all, and no proxy is read here."""
        return self.poolmanager.connection_from_url(request.url)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Leave trust to the context; requests would load the authorities anew for every connection."""


def _tls_class(silence: float) -> type[ssl.SSLSocket]:
    return type("TlsSocket", (BoundedTlsSocket,), {"silence": silence})
