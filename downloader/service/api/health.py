"""How the service is, for machines."""

import asyncio
import shutil

from aiohttp import web

from downloader.errors import OutputError
from downloader.service import metrics
from downloader.service.operations import Ask, Operation, Reply


async def alive(_: Ask) -> web.StreamResponse:
    """Say that the process answers."""
    return web.json_response({"status": "ok"})


async def ready(ask: Ask) -> web.StreamResponse:
    """Say whether jobs can be taken: the store can be written, the disk has room, and the service is not ending."""
    service = ask.service
    store, disk = await asyncio.to_thread(_store, ask), await asyncio.to_thread(_disk, ask)
    is_ready = store == disk == "ok" and not service.supervisor.closing
    told = {"ready": is_ready, "store": store, "disk": disk, "draining": service.supervisor.closing}
    return web.json_response(told, status=200 if is_ready else 503)


def _store(ask: Ask) -> str:
    try:
        ask.service.store.probe()
    except OutputError as error:
        return str(error)
    return "ok"


def _disk(ask: Ask) -> str:
    free, floor = shutil.disk_usage(ask.service.serving.data).free, ask.service.serving.disk_floor
    return "ok" if free >= floor else f"{free} bytes are free, the floor is {floor}"


async def measured(ask: Ask) -> web.StreamResponse:
    """Give the metrics."""
    jobs = await asyncio.to_thread(ask.service.store.tally)
    body = await asyncio.to_thread(metrics.exposition, ask.service, jobs)
    return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})


async def described(ask: Ask) -> web.StreamResponse:
    """Give this description."""
    return web.json_response(ask.service.description)


OPERATIONS = (
    Operation("GET", "/healthz", alive, "See that it lives", {200: Reply("it does", schema="Health")}, open=True),
    Operation("GET", "/readyz", ready, "See whether it takes jobs", {
        200: Reply("it does", schema="Readiness"), 503: Reply("not now", schema="Readiness"),
    }, open=True),
    Operation("GET", "/metrics", measured, "Measure it", {200: Reply("metrics", media="text/plain")}),
    Operation("GET", "/openapi.json", described, "Read this", {200: Reply("this")}, open=True),
)  # fmt: skip
"""What machines ask."""
