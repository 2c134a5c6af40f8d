"""Servers of many hosts that bear only so much: small, fast, in one thread, and they note what they see.

    with Storm(hosts=200, rest=3) as server:
        ...fetch server.url(host, number)...
        assert server.broken_rests == 0

A server is told of each request as its head arrives, and says what to answer and when.
"""

import asyncio
import errno
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import Self

from tests.support import images

BACKLOG = 1024
PORT_TRIES = 50
JOIN = 10.0
"""Seconds the server's thread may take to end."""


def answer(body: bytes, status: str = "200 OK", *lines: str, kind: str = "image/jpeg") -> bytes:
    """Give a whole answer."""
    head = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *lines, "", "")
    return "\r\n".join(head).encode("ascii") + body


class Crowd:
    """Answers good images at once, on one port of so many loopback addresses; enter it once.

    The server's thread alone writes what is counted; tests read it, best when the client has ended.
    """

    def __init__(self, network: str, hosts: int = 1) -> None:
        self._addresses = [f"{network}.{number + 1}" for number in range(hosts)]
        self.hits = 0
        self.first_hit = 0.0  # monotonic
        self._image = answer(images.jpeg())
        self._stop = asyncio.Event()

    async def reply(self, _host: str, _number: int) -> bytes:
        """Answer a host's request for an image; others are answered meanwhile."""
        return self._image

    def url(self, host: int, number: int) -> str:
        """Give the URL of an image."""
        return f"http://{self._addresses[host]}:{self.port}/{number}.jpg"

    def __enter__(self) -> Self:
        self._listeners = _listeners(self._addresses)
        self.port: int = self._listeners[0].getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name=f"crowd-{self.port}")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(JOIN)
        assert not self._thread.is_alive()

    def _work(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        servers = [await asyncio.start_server(self._talk, sock=each, backlog=BACKLOG) for each in self._listeners]
        await self._stop.wait()
        for server in servers:
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.first_hit = self.first_hit or time.monotonic()
                self.hits += 1
                number = int(head.removeprefix(b"GET /").partition(b".jpg ")[0])
                writer.write(await self.reply(host, number))
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client has hung up
        finally:
            writer.close()


class Storm(Crowd):
    """Each host answers a few images, then asks for a rest with Retry-After, once, and notes who keeps it awake.

    Answers take a while, so that a crew goes round all hosts more than once in a rest that it does not respect.
    """

    def __init__(self, hosts: int, rest: int, goods: int = 2, latency: float = 0.25, grace: float = 2.0) -> None:
        super().__init__("127.0.1", hosts)
        self.rest = rest
        self.goods = goods  # answered before the rest
        self.latency = latency
        self.grace = grace  # seconds for what was on its way when the rest began
        self.rested: dict[str, float] = {}  # host: when its first refusal went out
        self.late: list[tuple[str, float]] = []  # who was asked in its rest, and how long after that began
        self.refusals = 0
        self._served: Counter[str] = Counter()
        self._refusal = answer(b"", "429 Too Many Requests", f"Retry-After: {rest}")

    async def reply(self, host: str, _number: int) -> bytes:
        """Answer, or ask for a rest."""
        refused = self._rests(host, time.monotonic())
        self.refusals += refused
        await asyncio.sleep(self.latency)
        return self._refusal if refused else self._image

    def _rests(self, host: str, now: float) -> bool:
        self._served[host] += 1
        if self._served[host] <= self.goods:
            return False
        since = now - self.rested.setdefault(host, now + self.latency)
        if self.grace < since < self.rest:
            self.late.append((host, since))
        return since < self.rest


class Bounded(Crowd):
    """Bears so many requests at once, refuses more without a word of when, and notes how many are under way."""

    def __init__(self, limit: int, status: str, latency: float) -> None:
        super().__init__("127.0.0")
        self.limit = limit
        self.latency = latency
        self.refusals = 0
        self.goods = 0
        self.levels: list[tuple[float, int, int]] = []  # when it changed, how many were under way, good so far
        self._under_way = 0
        self._refusal = answer(b"", status)

    async def reply(self, _host: str, number: int) -> bytes:
        """Answer after the latency, up to a third more by the image's number; refuse at once."""
        if self._under_way >= self.limit:
            self.refusals += 1
            return self._refusal
        self._note(1)
        await asyncio.sleep(self.latency * (1 + number % 10 / 30))
        self.goods += 1
        self._note(-1)
        return self._image

    def mean_under_way(self, first: int, last: int) -> float:
        """Give the mean over time of how many were under way, between two numbers of good answers."""
        window = [(at, level) for at, level, goods in self.levels if first <= goods <= last]
        spans = [(later - at, level) for (at, level), (later, _) in pairwise(window)]
        return sum(span * level for span, level in spans) / sum(span for span, _ in spans)

    def _note(self, change: int) -> None:
        self._under_way += change
        self.levels.append((time.monotonic(), self._under_way, self.goods))


def _listeners(addresses: Sequence[str]) -> Sequence[socket.socket]:
    """Listen on a port that is free on all addresses."""
    for _ in range(PORT_TRIES):
        with ExitStack() as opened:
            listeners: list[socket.socket] = []
            try:
                for address in addresses:
                    port = listeners[0].getsockname()[1] if listeners else 0
                    listener = socket.create_server((address, port), backlog=BACKLOG)
                    listeners.append(opened.enter_context(listener))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            opened.pop_all()
            return listeners
    raise RuntimeError(f"no port is free on all of {len(addresses)} addresses")
