"""Errors as problem documents (RFC 9457): every answer of 400 and above is one."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from downloader.errors import DownloaderError, InputError, OutputError, UsageError
from downloader.service.standings import Conflict, NoSuchJob

log = logging.getLogger(__name__)

Said: TypeAlias = tuple[int, str, Mapping[str, str]]
"""A status, a sentence and headers."""

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

MEDIA = "application/problem+json"

BEGUN: Any = getattr(web, "RequestKey", lambda name, _: name)("begun", bool)
"""Under this key a request says that its answer has begun; aiohttp before 3.14 has no keys but names."""

STATUS: Mapping[type[DownloaderError], int] = {
    UsageError: 422,
    InputError: 422,
    Conflict: 409,
    NoSuchJob: 404,
    OutputError: 507,
}
"""What our errors are in HTTP."""


class Problem(Exception):
    """An answer that is an error: its status, and one sentence that says what to do."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def document(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Give a problem as a response."""
    fields: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body = json.dumps(fields | {"detail": detail}).encode()
    return web.Response(status=status, body=body, content_type=MEDIA, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers raise into problems; the service's wall: what is unforeseen is logged, and told as 500."""
    told = await _told(request, handler)
    if isinstance(told, web.StreamResponse):
        return told
    if BEGUN in request:
        # An answer within the answer would be taken for a part of it; one that is cut off is seen to be.
        if request.transport:
            request.transport.abort()
        raise ConnectionResetError(f"the answer to {request.method} {request.path} was cut off")
    return document(*told)


async def _told(request: web.Request, handler: Handler) -> "web.StreamResponse | Said":
    try:
        return await handler(request)
    except Problem as problem:
        return problem.status, problem.detail, problem.headers
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error.status, _said(request, error), _kept(error)
    except HttpProcessingError as error:  # what aiohttp's own parsers refuse
        return 400, f"the request cannot be read: {error.message}", {}
    except ConnectionError:
        raise  # whoever asked has gone
    except DownloaderError as error:
        return STATUS.get(type(error), 500), str(error), {}
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return 500, "an error in the service: its log has the details", {}


def _said(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} is not for this path: use {', '.join(sorted(error.allowed_methods))}"
    if error.status == HTTPStatus.NOT_FOUND:
        return "there is nothing of this name: /openapi.json tells all paths"
    return error.text or error.reason


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in ("Allow",) if name in error.headers}


async def expected(request: web.Request) -> web.StreamResponse | None:
    """Answer ``Expect``: what else than 100-continue is expected cannot be met (RFC 9110, 10.1.1)."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        return document(417, "of all expectations only 100-continue can be met")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None
