"""One name cache for all: remembered, joined, bounded."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from downloader.errors import Dns, NoSuchHost, Starved
from downloader.resolver import FAILURE_TTL, Resolver
from downloader.settings import Reach


class Table:
    """A name table: addresses, or the error a look-up ends with; counts what is asked."""

    def __init__(self, **names: list[str] | BaseException) -> None:
        self.names = names
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        self.gate.wait(10)
        found = self.names[host]
        if isinstance(found, BaseException):
            raise found
        return [(None, None, None, None, (address, 0)) for address in found]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def table() -> Table:
    """Give a table with a name of each kind."""
    return Table(
        good=["192.0.2.1", "192.0.2.1", "2001:db8::1"],
        gone=socket.gaierror(socket.EAI_NONAME, "no such name"),
        weak=socket.gaierror(socket.EAI_AGAIN, "try again"),
        odd=UnicodeError("label too long"),
    )


@pytest.fixture
def resolver(table: Table, clock: Clock) -> Iterator[Resolver]:
    """Give a resolver over the table."""
    resolver = Resolver(Reach(), table, clock)
    yield resolver
    resolver.close()


def test_an_answer_is_remembered_for_its_time(resolver: Resolver, table: Table, clock: Clock) -> None:
    """Within the TTL a name is asked once, doubles are dropped, and afterwards it is asked anew."""
    assert list(resolver.addresses("good", 5)) == ["192.0.2.1", "2001:db8::1"]
    clock.now += 59
    resolver.addresses("good", 5)
    assert table.asked == ["good"]
    clock.now += 2
    resolver.addresses("good", 5)
    assert table.asked == ["good", "good"]


@pytest.mark.parametrize(("name", "kind"), [("gone", NoSuchHost), ("weak", Dns), ("odd", Dns)])
def test_failures_are_told_apart_and_remembered_briefly(
    resolver: Resolver, table: Table, clock: Clock, name: str, kind: type[Exception]
) -> None:
    """A name that does not exist is permanent, a name server that does not answer is not."""
    for _ in range(2):
        with pytest.raises(kind, match=name):
            resolver.addresses(name, 5)
    assert table.asked == [name]
    clock.now += FAILURE_TTL + 1
    table.names[name] = ["192.0.2.9"]
    assert list(resolver.addresses(name, 5)) == ["192.0.2.9"]


def test_look_ups_of_a_name_are_joined(resolver: Resolver, table: Table) -> None:
    """Ten threads that want one name ask once."""
    table.gate.clear()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(resolver.addresses("good", 10))) for _ in range(10)]
    for thread in threads:
        thread.start()
    table.gate.set()
    for thread in threads:
        thread.join(10)
    assert (len(found), table.asked) == (10, ["good"])


def test_a_silent_name_server_costs_no_more_than_the_limit(resolver: Resolver, table: Table) -> None:
    """Whoever waits gives up in time; the look-up itself goes on for others."""
    table.gate.clear()
    start = time.monotonic()
    with pytest.raises(Dns, match="longer than"):
        resolver.addresses("good", 0.2)
    assert time.monotonic() - start < 5
    table.gate.set()
    assert list(resolver.addresses("good", 5)) == ["192.0.2.1", "2001:db8::1"]
    assert table.asked == ["good"]


def test_a_silent_name_server_is_dns_in_the_event_loop_too(resolver: Resolver, table: Table) -> None:
    """The code is the same from every engine."""
    table.gate.clear()
    with pytest.raises(Dns, match="longer than"):
        asyncio.run(resolver.addresses_async("good", 0.2))
    table.gate.set()


def test_giving_up_in_the_event_loop_leaves_the_look_up_to_others(resolver: Resolver, table: Table) -> None:
    """A cancelled task does not cancel what another waits for."""
    table.gate.clear()

    async def both() -> list[str]:
        hasty = asyncio.create_task(resolver.addresses_async("good", 5))
        patient = asyncio.create_task(resolver.addresses_async("good", 5))
        await asyncio.sleep(0)
        hasty.cancel()
        await asyncio.sleep(0)
        table.gate.set()
        return list(await patient)

    assert asyncio.run(both()) == ["192.0.2.1", "2001:db8::1"]
    assert table.asked == ["good"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_addresses_are_not_looked_up(resolver: Resolver, table: Table, address: str) -> None:
    """An address is itself; its odd spellings are the system's to read."""
    assert list(resolver.addresses(address, 5)) == [address]
    assert asyncio.run(resolver.addresses_async(address, 5)) == [address]
    assert table.asked == []


def test_no_descriptor_is_no_missing_name(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of descriptors the system says that no name exists: that is neither believed nor remembered."""

    def none_left(*_: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", none_left)
        with pytest.raises(Starved):
            resolver.addresses("gone", 5)
    with pytest.raises(NoSuchHost):
        resolver.addresses("gone", 5)
