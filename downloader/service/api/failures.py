"""The failures of a job by cause, with samples, hosts and advice."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from downloader.errors import advice
from downloader.manifest.pages import Wanted, hosts_of, page
from downloader.manifest.views import causes, worst_hosts
from downloader.service.api.jobs import ONE
from downloader.service.operations import Ask, Operation, Reply
from downloader.service.reading import read

SAMPLES = 3

_SAMPLE = ("index", "url", "detail", "http_status")


async def failures(ask: Ask) -> web.StreamResponse:
    """Group the failures by code."""
    record = await ask.service.supervisor.find(ask.job)
    nothing: Mapping[str, Any] = {"failures": [], "hosts": {}}
    return web.json_response(await read(ask.service.images(record.id), _grouped, nothing))


def _grouped(database: sqlite3.Connection) -> Mapping[str, Any]:
    found = [
        {
            "code": cause.code,
            "count": cause.count,
            "transient": cause.transient,
            "advice": advice(cause.code),
            "hosts": hosts_of(database, cause.code),
            "samples": [
                {name: row[name] for name in _SAMPLE}
                for row in page(database, Wanted("failed", [cause.code]), -1, SAMPLES)
            ],
        }
        for cause in causes(database)
    ]
    return {"failures": found, "hosts": dict(worst_hosts(database))}


OPERATIONS = (
    Operation("GET", f"{ONE}/failures", failures, "Group failures by cause", {200: Reply("causes", schema="Failures")}),
)
"""What can be asked of failures."""
