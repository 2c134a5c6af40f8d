"""requests' transport with our connections in it: one adapter that all threads share."""

import ssl
import warnings
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import InsecureRequestWarning

from downloader.engines.dial import BoundedTlsSocket, Dialer, os_error
from downloader.engines.hop import current
from downloader.engines.kit import Kit
from downloader.engines.reply import Reply
from downloader.engines.tunnel import open_tunnel
from downloader.engines.watch import phase
from downloader.policy.address import origin
from downloader.policy.heads import basic
from downloader.policy.routes import Proxy

MOST_POOLS = 256
"""Hosts whose connections are kept; a pool takes 5 kB, a TLS connection some 40."""


def pool_classes(dialer: Dialer) -> dict[str, Any]:
    """Make urllib3's pools of connections that ``dialer`` makes."""

    class Plain(HTTPConnection):
        response_class = Reply

        def _new_conn(self) -> Any:
            hop = current.get()
            with phase(hop.watch, "connect"):
                sock = dialer.connect(self._dns_host, self.port)
            hop.connected_by = None
            return sock

    class Secure(HTTPSConnection):
        response_class = Reply

        def _new_conn(self) -> Any:
            return dialer.connect(self._dns_host, self.port)

        def _tunnel(self) -> None:
            open_tunnel(self)

        def connect(self) -> None:
            try:
                with phase(current.get().watch, "connect"):
                    super().connect()
            except OSError as error:  # ssl's errors are OSErrors; ours are not
                raise os_error(error, f"opening TLS to {self._tunnel_host or self.host}") from error
            current.get().connected_by = None

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class SharedAdapter(HTTPAdapter):
    """requests' adapter with one TLS context and our pools; made once, used by every thread."""

    def __init__(self, kit: Kit, dialer: Dialer) -> None:
        self._context = kit.ways.trust()
        # Set on the context because urllib3 wraps the plain socket into a new object.
        self._context.sslsocket_class = _tls_class(kit.settings.limits.read_timeout)
        self._dialer = dialer
        # Held weakly, because urllib3 closes a pool's connections when nobody holds it any more.
        self._pools: WeakValueDictionary[tuple[Proxy | None, str], Any] = WeakValueDictionary()
        # Several times as many hosts as can be at work, so that hosts in turn find their connections again.
        hosts = min(kit.ceiling, max(4 * kit.jobs, MOST_POOLS))
        limit = kit.settings.pace.per_host
        per_host = limit if isinstance(limit, int) and limit else kit.jobs
        super().__init__(pool_connections=hosts, pool_maxsize=per_host)
        # A proxy takes the requests for all hosts over the same connections.
        how = {"num_pools": hosts, "maxsize": kit.jobs, "ssl_context": self._context}
        self._through = {proxy: self._manager(proxy, how) for proxy in kit.ways.routes.proxies.values()}
        if kit.ways.insecure:  # said once by the run, and not at every connection
            warnings.simplefilter("ignore", InsecureRequestWarning)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager with our classes."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._dialer)

    def _manager(self, proxy: Proxy, how: Mapping[str, Any]) -> ProxyManager:
        login = {"Proxy-Authorization": basic(*proxy.login)} if proxy.login else {}
        manager = ProxyManager(proxy.url, proxy_headers=login, **how)
        manager.pool_classes_by_scheme = pool_classes(self._dialer)
        return manager

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> Any:
        """Find the pool by the URL and the hop's way: the context is the same for all."""
        via = current.get().via
        key = via, origin(str(request.url))
        pool = self._pools.get(key)
        if pool is None or pool.pool is None:  # never met, or closed
            manager = self._through[via] if via else self.poolmanager
            pool = self._pools[key] = manager.connection_from_url(str(request.url))
        return pool

    def build_response(self, _: PreparedRequest, resp: Any) -> Any:
        """Give what came as it is, in the one place where we look for it: nobody wants its cookies and its history."""
        return SimpleNamespace(raw=resp)

    def request_url(self, request: PreparedRequest, _: Any) -> str:
        """Give the target of the request line: a proxy takes the whole URL, but through a tunnel (RFC 9112 §3.2)."""
        url = str(request.url)
        if current.get().via and url.startswith("http:"):
            return url
        return f"/{url.split('/', 3)[3]}"

    def clear(self) -> None:
        """Close the connections that are idle."""
        for manager in (self.poolmanager, *self._through.values()):
            manager.clear()

    def close(self) -> None:
        """Close all connections that are idle, and make no more pools."""
        self.clear()
        super().close()

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Leave trust to the context; requests would load the authorities anew for every connection."""


def _tls_class(silence: float) -> type[ssl.SSLSocket]:
    return type("TlsSocket", (BoundedTlsSocket,), {"silence": silence})
