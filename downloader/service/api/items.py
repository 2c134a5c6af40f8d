"""The items of a job: pages of its manifest, as JSON or JSON lines."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from downloader.manifest.pages import Wanted, page
from downloader.service.api.jobs import ONE
from downloader.service.operations import Ask, Operation, Param, Reply
from downloader.service.reading import read

NDJSON = "application/x-ndjson"

FILTERS = (
    Param("status", {"type": "string", "enum": ["saved", "failed", "skipped"]}, "items of one status"),
    Param("code", {"type": "string", "pattern": "^[a-z-]+(,[a-z-]+)*$"}, "items of these codes, commas between"),
    Param("host", {"type": "string", "pattern": "^[!-~]{1,260}$"}, "items of one host, with its port if unusual"),
)


def wanted(given: Mapping[str, Any]) -> Wanted:
    """Give the filter that a query asks for."""
    codes = given["code"].split(",") if "code" in given else ()
    return Wanted(given.get("status", ""), codes, given.get("host", ""))


def shown(job: str, row: dict[str, Any]) -> dict[str, Any]:
    """Give a row as the API does, with where its pictures are."""
    at = ONE.partition("{")[0] + f"{job}/items/{row['index']}"
    has = row["status"] == "saved"
    return row | {"thumbnail": f"{at}/thumbnail" if has else None, "original": f"{at}/original" if has else None}


async def items(ask: Ask) -> web.StreamResponse:
    """Give a page of the items, as JSON lines where the client prefers these."""
    record = await ask.service.supervisor.find(ask.job)
    most = ask.given.get("limit", 100)
    look = partial(page, wanted=wanted(ask.given), after=ask.given.get("after", -1), most=most)
    rows: Sequence[dict[str, Any]] = await read(ask.service.images(record.id), look, ())
    found = [shown(record.id, row) for row in rows]
    if NDJSON in ask.request.headers.get("Accept", ""):
        text = "".join(json.dumps(each) + "\n" for each in found)
        return web.Response(text=text, content_type=NDJSON)
    return web.json_response({"items": found, "next": found[-1]["index"] if len(found) == most else None})


_PAGE = {200: Reply("a page", schema="Items")}

OPERATIONS = (
    Operation("GET", f"{ONE}/items", items, "Go through the items of a job", _PAGE, params=[
        *FILTERS,
        Param("after", {"type": "integer", "minimum": -1, "maximum": 10**15}, "'next' of the page before"),
        Param("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "most items of a page"),
    ]),
)  # fmt: skip
"""What can be asked of items."""
