"""What every test may ask for: servers on the loopback, and certificates."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from tests.support.browser import browser
from tests.support.hostile import SCRIPTS, HostileServer
from tests.support.servers import httpserver, make_httpserver
from tests.support.tls import Tls

# Tests interrupt programs: one that is started in the background, or under nohup, would have its children ignore that.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

# A busy machine is no failure: examples have no deadline of their own, pytest-timeout bounds the whole test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

__all__ = ["browser", "hostile", "hostile_over_tls", "httpserver", "make_httpserver", "tls"]


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    """Give a server of every misbehaviour, fresh for each test."""
    with HostileServer(SCRIPTS) as server:
        yield server


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """Give an authority and its certificates."""
    return Tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def hostile_over_tls(tls: Tls) -> Iterator[Callable[..., HostileServer]]:
    """Give a maker of servers over TLS: ``hostile_over_tls()`` is trusted, or name a context of ``tls``."""
    with ExitStack() as servers:
        yield lambda context=tls.trusted: servers.enter_context(HostileServer(SCRIPTS, ssl_context=context))
