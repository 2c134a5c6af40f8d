"""What happens, told to those who listen: a feed for each job, and one for the list of jobs."""

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEPT = 256
"""Events of a feed kept for those who come back; of progress only the latest."""

WAITING = 128
"""Events that wait for a slow client at most; then it is dropped, and may come back with its Last-Event-ID."""

FEEDS = 500
"""Feeds kept; those that nobody listens to are let go first."""

BYE = b"event: bye\ndata: {}\n\n"


def frame(name: str, data: Any, number: str = "") -> bytes:
    """Give an event as it goes over the wire (HTML Living Standard, 9.2.6)."""
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


class Feed:
    """The events of one subject. Used on the event loop alone."""

    def __init__(self) -> None:
        # Numbers of another life of the service, or of a feed that was let go, must not be taken for ours.
        self._life = secrets.token_hex(4)
        self._number = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._progress = 0
        self._lost = 0  # the latest number that is no longer kept, progress aside
        self._clients: set[asyncio.Queue[bytes | None]] = set()

    @property
    def clients(self) -> int:
        """How many listen."""
        return len(self._clients)

    @property
    def last_id(self) -> str:
        """The id of the latest event."""
        return f"{self._life}-{self._number}"

    def tell(self, name: str, data: Any) -> None:
        """Send an event to all who listen, and keep it."""
        self._number += 1
        sent = frame(name, data, self.last_id)
        if name == "progress":
            self._kept.pop(self._progress, None)
            self._progress = self._number
        self._kept[self._number] = sent
        if len(self._kept) > KEPT:
            self._lost = self._kept.popitem(last=False)[0]
        for client in list(self._clients):
            self._put(client, sent)

    def since(self, last_id: str) -> list[bytes] | None:
        """Give what was told after this id, or None where that is not known any more."""
        life, _, number = last_id.partition("-")
        if life != self._life or not number.isdecimal() or not self._lost <= int(number) <= self._number:
            return None
        return [sent for at, sent in self._kept.items() if at > int(number)]

    @contextmanager
    def listening(self) -> Iterator["asyncio.Queue[bytes | None]"]:
        """Give a queue of what is told from now on; None in it says that this client is dropped."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        self._clients.add(queue)
        try:
            yield queue
        finally:
            self._clients.discard(queue)

    def close(self) -> None:
        """Say goodbye to all."""
        for client in list(self._clients):
            self._put(client, BYE)
            self._put(client, None)

    def _put(self, client: "asyncio.Queue[bytes | None]", sent: bytes | None) -> None:
        try:
            client.put_nowait(sent)
        except asyncio.QueueFull:
            self._clients.discard(client)
            while not client.empty():
                client.get_nowait()
            client.put_nowait(None)


class Feeds:
    """All feeds, by job; that of the list of jobs has the name ""."""

    def __init__(self) -> None:
        self.closed = False
        self._feeds: OrderedDict[str, Feed] = OrderedDict()

    def of(self, job: str) -> Feed:
        """Give a job's feed."""
        feed = self._feeds.setdefault(job, Feed())
        self._feeds.move_to_end(job)
        if len(self._feeds) > FEEDS:
            unheard = next((name for name, each in self._feeds.items() if not each.clients and each is not feed), None)
            if unheard is not None:
                del self._feeds[unheard]
        return feed

    def drop(self, job: str) -> None:
        """Let a job's feed go, and those who listen to it."""
        if feed := self._feeds.pop(job, None):
            feed.close()

    @property
    def clients(self) -> int:
        """How many listen, to whatever."""
        return sum(feed.clients for feed in self._feeds.values())

    def close(self) -> None:
        """Say goodbye to everybody, and to all who come later."""
        self.closed = True
        for feed in self._feeds.values():
            feed.close()
