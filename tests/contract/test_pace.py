"""Pace on the wire, in every engine: least and most speed, rates, rests, and names that are told."""

import time
from contextlib import ExitStack
from itertools import pairwise

import pytest

from downloader import Failed, Saved
from downloader.errors import HostDown
from tests.contract.conftest import Fetch
from tests.support.hostile import HostileServer, Request


def starts(requests: list[Request], path: str) -> list[float]:
    """Give the times of the requests below a path."""
    return sorted(request.time for request in requests if request.path.startswith(path))


@pytest.mark.parametrize("path", ["/drip.jpg", "/drip-chunks.jpg"])
def test_a_body_that_drips_is_too_slow(fetch: Fetch, hostile: HostileServer, path: str) -> None:
    """--min-speed ends it long before --timeout does."""
    [outcome] = fetch([hostile.url(path)], min_speed="1k:1", retries=0).values()
    assert outcome.code == "too-slow", outcome.detail
    assert 1.0 <= outcome.effort.seconds < 15


def test_bytes_are_spread(fetch: Fetch, hostile: HostileServer) -> None:
    """--limit-rate holds over all connections, and makes no image too slow."""
    start = time.monotonic()
    urls = [hostile.url(f"/images/{n}.jpg") for n in range(30)]  # 5 kB each
    found = fetch(urls, limit_rate="50k", jobs=8, min_speed="10k:1")
    assert all(isinstance(outcome, Saved) for outcome in found.values())
    assert time.monotonic() - start >= 30 * 5000 / (50 << 10) - 0.2


def test_a_host_is_asked_at_its_rate(fetch: Fetch, hostile: HostileServer) -> None:
    """--host-rate spaces the starts of one host."""
    fetch([hostile.url(f"/images/{n}.jpg") for n in range(6)], host_rate="2/s")
    gaps = [later - earlier for earlier, later in pairwise(starts(hostile.requests, "/images"))]
    assert sum(gaps) >= 5 * 0.5 - 1.0  # measured where they arrive, which may be late


def test_a_host_is_not_asked_while_it_rests(fetch: Fetch, hostile: HostileServer) -> None:
    """Retry-After of one image rests the whole host."""
    urls = [hostile.url("/429-once.jpg"), *(hostile.url(f"/images/{n}.jpg") for n in range(8))]
    found = fetch(urls, jobs=4)
    assert all(isinstance(outcome, Saved) for outcome in found.values())
    refused = hostile.times["/429-once.jpg"][0]
    assert [at for at in starts(hostile.requests, "/images") if at < refused + 1.0] == []


def test_a_dead_host_is_given_up(fetch: Fetch, hostile: HostileServer) -> None:
    """After misses and failed probes the rest of its images fail unasked, and other hosts go on."""
    dead = [hostile.url(f"/silence.jpg?{n}") for n in range(20)]
    with HostileServer(hostile.scripts) as living:
        urls = [*dead, *(living.url(f"/images/{n}.jpg") for n in range(10))]
        found = fetch(urls, read_timeout=0.5, retries=1, jobs=8)
        assert living.hits.total() == 10
    codes = [found[url].code for url in dead]
    assert set(codes) <= {"timed-out", HostDown.code}
    assert codes.count(HostDown.code) >= 16
    assert hostile.hits.total() <= 5
    assert all(isinstance(found[url], Failed) and found[url].effort.attempts <= 2 for url in dead)


def test_told_addresses_are_connected_to(fetch: Fetch, hostile: HostileServer) -> None:
    """--resolve takes the place of a look-up; the server is asked by the name."""
    url = f"http://cdn.example:{hostile.port}/good.jpg"
    [outcome] = fetch([url], resolve=["cdn.example:127.0.0.1"], allow_host=["cdn.example"]).values()
    assert isinstance(outcome, Saved), outcome.detail
    assert hostile.requests[0].headers["host"] == f"cdn.example:{hostile.port}"


def test_a_told_private_address_is_judged_too(fetch: Fetch, hostile: HostileServer) -> None:
    """It opens no door that --allow-host has not opened."""
    url = f"http://cdn.example:{hostile.port}/good.jpg"
    [outcome] = fetch([url], resolve=["cdn.example:127.0.0.1"], allow_host=["other.example"]).values()
    assert (outcome.code, hostile.connections) == ("private-address", 0)


def test_a_storm_ends_with_every_image(fetch: Fetch, hostile: HostileServer) -> None:
    """Many hosts that all ask for patience get it, each for itself, and in the end every image is saved."""
    storm = {"/429-once.jpg": hostile.scripts["/429-once.jpg"], "/images/*": hostile.scripts["/images/*"]}
    with ExitStack() as stack:
        servers = [stack.enter_context(HostileServer(storm)) for _ in range(12)]
        urls = [server.url("/429-once.jpg") for server in servers]
        urls += [server.url(f"/images/{n}.jpg") for server in servers for n in range(6)]
        found = fetch(urls, jobs=16)
        assert [outcome.code for outcome in found.values() if not isinstance(outcome, Saved)] == []
        for server in servers:
            asked = sorted(request.time for request in server.requests)
            assert asked[1] - asked[0] >= 1.0  # unproven: one at a time, and then it rests
