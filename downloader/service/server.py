"""The service from its start to its end: listens, and on SIGTERM says goodbye, drains and leaves within 25 s."""

import asyncio
import errno
import logging
import signal
from collections.abc import Callable

from aiohttp import web

from downloader.errors import UsageError
from downloader.service.application import Service, application
from downloader.service.connections import HOW, Connections
from downloader.service.serving import Serving

log = logging.getLogger(__name__)

LEAVE = 1.0
"""Seconds that requests under way get when the service ends."""


def serve(serving: Serving, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``announce`` gets the page's address when it answers.

    Raises UsageError where the address cannot be had, OutputError where the data folder cannot be written.
    """
    asyncio.run(_serve(serving, announce))


async def _serve(serving: Serving, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = await asyncio.to_thread(Service.of, serving)
    connections = Connections()
    runner = web.AppRunner(application(service, connections.watched()), shutdown_timeout=LEAVE, **HOW)
    await runner.setup()
    listening: asyncio.Server | None = None
    try:
        listening, port = await _listen(runner, serving, connections)
        await service.supervisor.open()
        announce(f"http://{_shown(serving.host)}:{port}/")
        await stop.wait()
        log.info("the service ends")
        service.feeds.close()
        await service.supervisor.close()
    finally:
        if listening:
            listening.close()
        await runner.cleanup()
        await asyncio.to_thread(service.thumbnails.close)
        await asyncio.to_thread(service.store.close)


async def _listen(runner: web.AppRunner, serving: Serving, connections: Connections) -> tuple[asyncio.Server, int]:
    loop = asyncio.get_running_loop()
    try:
        listening = await loop.create_server(
            lambda: connections.admit(runner.server), serving.host, serving.port, backlog=128, reuse_address=True
        )
    except OSError as error:
        why = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise UsageError(f"cannot listen on {serving.host} port {serving.port}: {why}; choose another") from error
    return listening, int(listening.sockets[0].getsockname()[1])


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - what to type into a browser on this machine
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
