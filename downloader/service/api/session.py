"""The page's session: a token is turned into a cookie that no script can read."""

from aiohttp import web

from downloader.service.bodies import parsed
from downloader.service.inflow import inflow
from downloader.service.limits import offered
from downloader.service.operations import JSON, Ask, Operation, Reply
from downloader.service.problems import Problem
from downloader.service.schema import fault
from downloader.service.security import COOKIE, SESSION

PATH = "/api/v1/session"

_MOST = 64 << 10
"""Bytes of a body: those of the longest token, however its letters are spelt in JSON, and some more."""

_TOKEN = {
    "type": "object",
    "required": ["token"],
    "additionalProperties": False,
    "properties": {"token": {"type": "string", "minLength": 1, "maxLength": 1024}},
}


async def look(ask: Ask) -> web.StreamResponse:
    """Say whether a token is asked for, and whether this client has given it."""
    gate = ask.service.gate
    return web.json_response({"auth": gate.closed, "known": not gate.closed or gate.is_known(ask.request)})


async def enter(ask: Ask) -> web.StreamResponse:
    """Take the token, and set the cookie."""
    if ask.request.content_type != JSON:
        raise Problem(415, "send the token as application/json")
    async with inflow(_MOST) as flow:
        said = parsed(await flow.whole(ask.request.content.iter_chunked(_MOST)))
    if wrong := fault(said, _TOKEN, "the body"):
        raise Problem(422, wrong)
    gate = ask.service.gate
    if gate.closed and not gate.knows(said["token"]):
        raise Problem(403, "this is not the token of this service")
    response = web.json_response({"auth": gate.closed, "known": True})
    if gate.closed:
        response.set_cookie(COOKIE, gate.session(), max_age=SESSION, httponly=True, samesite="Strict", path="/")
    return response


async def leave(_: Ask) -> web.StreamResponse:
    """Take the cookie back."""
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def options(ask: Ask) -> web.StreamResponse:
    """Give what a client may set, with the values that hold without it, and the bounds of a job."""
    bounds = ask.service.serving.bounds
    told = {
        "body": bounds.body, "urls": bounds.urls, "list_bytes": bounds.unpacked,
        "job_bytes": bounds.job_bytes, "job_pixels": bounds.job_pixels,
    }  # fmt: skip
    return web.json_response({"options": offered(ask.service.serving.settings), "bounds": told})


_SESSION = {200: Reply("the session", schema="Session")}

OPERATIONS = (
    Operation("GET", PATH, look, "Ask whether a token is needed", _SESSION, open=True),
    Operation(
        "POST",
        PATH,
        enter,
        "Begin a session",
        _SESSION,
        bodies={JSON: "Token"},
        open=True,
        problems=(408, 413, 415, 422),
    ),
    Operation("DELETE", PATH, leave, "End the session", {204: Reply("it is over", media="")}, open=True),
    Operation("GET", "/api/v1/options", options, "See what jobs may set", {200: Reply("options", schema="Options")}),
)
"""What can be asked of sessions."""
