"""What happens, as server-sent events: of one job, or of the list of jobs."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from downloader.service.api.jobs import ONE
from downloader.service.feeds import BYE, Feed, frame
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

LAST = Param(
    "Last-Event-ID", {"type": "string", "pattern": "^[0-9a-f]{1,16}-[0-9]{1,15}$"}, "go on behind it", "header"
)


async def of_job(ask: Ask) -> web.StreamResponse:
    """Tell how a job goes: a snapshot, then what happens; behind Last-Event-ID only what was missed."""
    supervisor = ask.service.supervisor
    record = await supervisor.find(ask.job)
    feed = ask.service.feeds.of(record.id)
    return await _stream(ask, feed, lambda: supervisor.runs.snapshot(record))


async def of_all(ask: Ask) -> web.StreamResponse:
    """Tell what becomes of all jobs."""
    service = ask.service
    latest = await asyncio.to_thread(service.store.page, None, LISTED)
    describe = service.supervisor.runs.describe
    return await _stream(ask, service.feeds.of(""), lambda: {"jobs": [describe(each) for each in latest]})


async def _stream(ask: Ask, feed: Feed, snapshot: Callable[[], Any]) -> web.StreamResponse:
    if ask.service.feeds.clients >= MOST:
        raise Problem(503, "too many event streams are open: close some", {"Retry-After": "10"})
    response = web.StreamResponse(headers={"Content-Type": MEDIA, "X-Accel-Buffering": "no"})
    missed = feed.since(ask.given["Last-Event-ID"]) if "Last-Event-ID" in ask.given else None
    first = b"".join(missed) if missed is not None else frame("snapshot", snapshot(), feed.last_id)
    with feed.listening() as queue:
        await response.prepare(ask.request)
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
