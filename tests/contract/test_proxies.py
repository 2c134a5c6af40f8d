"""Through a proxy: the same images and codes from every engine, and no address that the list must not reach."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from downloader import Outcome, Saved
from downloader.job import Job, run_job
from downloader.model import Committed, Line, Notice
from downloader.policy.address import normalise
from downloader.settings import Settings
from tests.contract.conftest import QUICK
from tests.support.hostile import JPEG, SCRIPTS, HostileServer
from tests.support.proxy import Proxy


class Told(dict[str, Outcome]):
    """The outcomes of a job by URL, and what the run said."""

    notices: list[str]


def no_names(host: str, *_: object, **__: object) -> Any:
    """Look nothing up: through a proxy we do not."""
    raise AssertionError(f"{host} was looked up")


@pytest.fixture
def through(engine, tmp_path):
    """Give a function that fetches URLs with an engine through a proxy, on a machine that knows no names."""

    def through(*urls: str, lookup: Any = no_names, **settings: Any) -> Told:
        told, told.notices = Told(), []
        ours = {"engine": engine, "output": str(tmp_path / "out"), "allow_host": [], "netrc": "none"}
        chosen = QUICK | ours | settings

        def observe(event: object) -> None:
            if isinstance(event, Committed):
                told.update((outcome.task.url, outcome) for outcome in event.outcomes)
            elif isinstance(event, Notice):
                told.notices.append(event.text)

        run_job(Job([Line(url) for url in urls], Settings.of(**chosen), lookup=lookup), None, [observe])
        return told

    return through


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give the server that stands behind the proxy, under public names."""
    with HostileServer(SCRIPTS) as server:
        yield server


def names_of(server: HostileServer, *names: str) -> dict[str, tuple[str, int]]:
    """Give a proxy's table in which these names lead to a server."""
    return dict.fromkeys(names, ("127.0.0.1", server.port))


def test_a_proxy_takes_whole_urls(through, server):
    """A list over http goes through it, query and all, and names are the proxy's to look up."""
    with Proxy(names_of(server, "images.example:80")) as proxy:
        urls = [f"http://images.example/{path}" for path in ("good.jpg?a=b%20c", "chunked.jpg", "404.jpg", "chain/3")]
        told = through(*urls, proxy=[proxy.url])
        assert [told[url].code for url in urls] == [None, None, "not-found", None]
        assert f"GET {urls[0]}" in proxy.asked
    assert server.requests[0].headers["host"] == "images.example"
    [remark] = told.notices
    assert proxy.url in remark


def test_a_proxy_opens_tunnels(engine, through, hostile_over_tls, tls):
    """Over https the proxy sees a host and a port; the certificate is checked for the host behind it."""
    behind = hostile_over_tls()
    with Proxy(names_of(behind, "localhost.example:443", "127.0.0.1:443")) as proxy:
        urls = ["https://127.0.0.1/good.jpg", "https://localhost.example/good.jpg"]
        told = through(*urls, proxy=[f"https={proxy.url}"], ca_file=tls.ca_file, allow_host=["127.0.0.1"])
        assert isinstance(told[urls[0]], Saved)
        assert told[urls[0]].image.size == len(JPEG)
        assert told[urls[1]].code == "tls", "the certificate is for another name"
        assert set(proxy.asked) == {"CONNECT 127.0.0.1:443", "CONNECT localhost.example:443"}
        assert not any("good.jpg" in head for head in proxy.heads)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("known", [True, False])
def test_a_proxy_asks_for_a_login(through, server, hostile_over_tls, tls, scheme, known):
    """The login of --proxy is sent to it, to nobody else; without it the images fail as the proxy's fault."""
    behind = hostile_over_tls() if scheme == "https" else server
    with Proxy(names_of(behind, "127.0.0.1:7777"), login="me:se%cret") as proxy:
        url = f"{scheme}://127.0.0.1:7777/good.jpg"
        way = proxy.url.replace("//", "//me:se%25cret@") if known else proxy.url
        told = through(url, proxy=[way], ca_file=tls.ca_file, allow_host=["127.0.0.1:7777"])
        assert told[url].code == (None if known else "proxy")
    assert not any("proxy-authorization" in request.headers for request in behind.requests)
    assert "se%" not in str(told.notices)


@pytest.mark.parametrize(
    ("answer", "code"),
    [("502 Bad Gateway", "unreachable"), ("504 Gateway Timeout", "unreachable"), ("403 Forbidden", "proxy")],
)
def test_a_tunnel_that_is_refused(through, answer, code):
    """A proxy that cannot reach the host speaks of the host; one that will not, of itself."""
    with Proxy({}, tunnel=answer) as proxy:
        told = through("https://images.example/a.jpg", proxy=[proxy.url])
    outcome = told["https://images.example/a.jpg"]
    assert (outcome.code, outcome.effort.attempts) == (code, 2)
    assert answer in outcome.detail


@pytest.mark.parametrize(
    "answer", ["200 OK\r\n" + "X-Filler: x\r\n" * 200, "200 OK\r\nno colon", "502 " + "x" * 20_000]
)
def test_a_tunnels_head_is_judged(through, answer):
    """As strictly as any: too many lines, too long ones and such as are no header are refused by every engine."""
    with Proxy({}, tunnel=answer.rstrip()) as proxy:
        told = through("https://images.example/a.jpg", proxy=[proxy.url])
    assert told["https://images.example/a.jpg"].code == "bad-reply"


def test_a_tunnel_that_is_never_answered(through):
    """Waiting for it is part of connecting, and ends with that."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "https://images.example/a.jpg"
        told = through(url, proxy=[f"http://127.0.0.1:{silent.getsockname()[1]}"], connect_timeout=1.0, retries=0)
    assert told[url].code == "timed-out"
    assert told[url].effort.seconds < 10.0
    assert "--connect-timeout" in told[url].detail


def test_a_proxy_that_is_not_there(through):
    """It is named as what failed, for http and https alike."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    urls = ["http://images.example/a.jpg", "https://images.example/a.jpg"]
    told = through(*urls, proxy=[f"http://127.0.0.1:{port}"])
    assert [told[url].code for url in urls] == ["proxy", "proxy"]
    assert all(str(port) in told[url].detail for url in urls)


def test_a_proxys_name_is_looked_up(through, server):
    """By us, and wherever it leads: where it stands is the operator's choice. A name unknown is the proxy's failure."""

    def lookup(host: str, *_: object, **__: object) -> Any:
        if host != "proxy.example":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    url = "http://images.example/good.jpg"
    with Proxy(names_of(server, "images.example:80")) as proxy:
        port = proxy.server_address[1]
        told = through(url, proxy=[f"http://proxy.example:{port}"], lookup=lookup)
    assert isinstance(told[url], Saved)
    url = "http://images.example/other.jpg"
    assert through(url, proxy=["http://lost.example"], lookup=lookup)[url].code == "proxy"


PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "localhost", "img.localhost", "10.0.0.1",
    "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "192.168.0.1", "100.64.0.1", "0",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_private_literals_are_not_asked_for(through, scheme):
    """No proxy is sent to a private address that the URL itself names, nor to its own machine."""
    with Proxy({}) as proxy:
        urls = [normalise(f"{scheme}://{host}/a.jpg") for host in PRIVATE]
        told = through(*urls, proxy=[proxy.url])
        assert {url: told[url].code for url in urls} == dict.fromkeys(urls, "private-address")
        assert proxy.asked == []


def test_a_redirect_to_a_private_literal_is_not_followed(through, server):
    """Each hop is judged, also behind a proxy."""
    with Proxy(names_of(server, "images.example:80")) as proxy:
        url = "http://images.example/to-metadata"
        assert through(url, proxy=[proxy.url])[url].code == "private-address"
        assert proxy.asked == [f"GET {url}"]


def test_hosts_can_be_asked_without_the_proxy(through, server):
    """--no-proxy names them."""
    with Proxy({}) as proxy:
        url = server.url("/good.jpg")
        told = through(url, proxy=[proxy.url], no_proxy=["127.0.0.0/8"], allow_private=True)
        assert isinstance(told[url], Saved)
        assert proxy.asked == []


def test_connections_through_a_proxy_are_kept(through, hostile_over_tls, tls):
    """A tunnel serves one image after another."""
    behind = hostile_over_tls()
    with Proxy(names_of(behind, "127.0.0.1:443")) as proxy:
        urls = [f"https://127.0.0.1/good.jpg?{number}" for number in range(6)]
        told = through(*urls, proxy=[proxy.url], ca_file=tls.ca_file, allow_private=True, jobs=1)
        assert all(isinstance(told[url], Saved) for url in urls)
        assert len(proxy.asked) == 1
