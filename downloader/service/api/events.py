"""What happens, as server-sent events: of one job, or of the list of jobs."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from downloader.service.api.jobs import ONE
from downloader.service.feeds import BYE, Feed, frame
from downloader.service.memory import kept_hosts
from downloader.service.operations import Ask, Operation, Param, Reply
from downloader.service.problems import Problem

PING = 15.0
"""Seconds of silence after which a ping says that the line is alive."""

PATIENCE = 10.0
"""Seconds in which a client must take what it was sent; a slower one is dropped."""

MOST = 200
"""Streams open at once."""

LISTED = 50
"""Jobs in the snapshot of the list; the latest."""

MEDIA = "text/event-stream"

BUFFER = 64 << 10
"""Bytes of events that the system holds for a client; left to itself, it holds megabytes for one that does not read."""

T = TypeVar("T")

LAST = Param(
    "Last-Event-ID", {"type": "string", "pattern": "^[0-9a-f]{1,16}-[0-9]{1,15}$"}, "go on behind it", "header"
)


async def of_job(ask: Ask) -> web.StreamResponse:
    """Tell how a job goes: a snapshot, then what happens; behind Last-Event-ID only what was missed."""
    supervisor = ask.service.supervisor
    await supervisor.find(ask.job)  # no feed is made for a job that is none
    hosts = await asyncio.to_thread(kept_hosts, supervisor.folder(ask.job))
    feed = ask.service.feeds.of(ask.job)
    record = await _latest(feed, lambda: supervisor.find(ask.job))
    return await _stream(ask, feed, lambda: supervisor.runs.snapshot(record, hosts))


async def of_all(ask: Ask) -> web.StreamResponse:
    """Tell what becomes of all jobs."""
    service = ask.service
    describe, feed = service.supervisor.runs.describe, service.feeds.of("")
    latest = await _latest(feed, lambda: asyncio.to_thread(service.store.page, None, LISTED))
    return await _stream(ask, feed, lambda: {"jobs": [describe(each) for each in latest]})


async def _latest(feed: Feed, look: Callable[[], Awaitable[T]]) -> T:
    """Look until nothing was told meanwhile: a client that listens only now would never hear of it."""
    while True:
        told, found = feed.last_id, await look()
        if feed.last_id == told:
            return found


async def _stream(ask: Ask, feed: Feed, snapshot: Callable[[], Any]) -> web.StreamResponse:
    if ask.service.feeds.clients >= MOST:
        raise Problem(503, "too many event streams are open: close some", {"Retry-After": "10"})
    response = web.StreamResponse(headers={"Content-Type": MEDIA, "X-Accel-Buffering": "no"})
    missed = feed.since(ask.given["Last-Event-ID"]) if "Last-Event-ID" in ask.given else None
    first = b"".join(missed) if missed is not None else frame("snapshot", snapshot(), feed.last_id)
    with feed.listening() as queue:
        await response.prepare(ask.request)
        _bound_buffer(ask.request)
        try:
            await _send(response, (first or b": again\n\n") + (BYE if ask.service.feeds.closed else b""))
            while not ask.service.feeds.closed or not queue.empty():
                if (sent := await _next(queue)) is None:
                    break
                await _send(response, sent)
        except (TimeoutError, ConnectionError):
            if ask.request.transport:
                ask.request.transport.abort()
    return response


def _bound_buffer(request: web.Request) -> None:
    sock = request.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)


async def _next(queue: "asyncio.Queue[bytes | None]") -> bytes | None:
    try:
        return await asyncio.wait_for(queue.get(), PING)
    except TimeoutError:
        return frame("ping", {})


async def _send(response: web.StreamResponse, data: bytes) -> None:
    await asyncio.wait_for(response.write(data), PATIENCE)


_REPLIES = {200: Reply("events without end", media=MEDIA)}

OPERATIONS = (
    Operation("GET", f"{ONE}/events", of_job, "Hear how a job goes", _REPLIES, params=[LAST], problems=(503,)),
    Operation("GET", "/api/v1/events", of_all, "Hear of all jobs", _REPLIES, params=[LAST], problems=(503,)),
)
"""What can be listened to."""
