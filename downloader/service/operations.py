"""What a client can ask for: the tables that make the routes, check what is given, and are told in /openapi.json."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from downloader.service.problems import Handler, Problem
from downloader.service.schema import Schema, fault

if TYPE_CHECKING:
    from downloader.service.application import Service

ID = r"[A-Za-z0-9_-]{22}"
"""What the id of a job looks like: secrets.token_urlsafe(16)."""

JSON = "application/json"

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Param:
    """A value in the query, in a header or in the path."""

    name: str
    schema: Schema
    help: str
    where: str = "query"


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes back when all is well: a schema by name, or no body."""

    help: str
    media: str = JSON
    schema: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # each with what it says


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, with what was given checked."""

    request: web.Request
    service: "Service"
    given: Mapping[str, Any]

    @property
    def job(self) -> str:
        """The id in the path."""
        return self.request.match_info["id"]


Answer: TypeAlias = Callable[[Ask], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    answer: Answer
    summary: str
    replies: Mapping[int, Reply]
    params: Sequence[Param] = ()
    bodies: Mapping[str, str] = field(default_factory=dict)  # names of schemas by media type
    open: bool = False  # whether it is for everybody, without a token
    problems: Sequence[int] = ()  # besides those of all operations

    def handler(self, service: "Service") -> Handler:
        """Give what aiohttp calls."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.answer(Ask(request, service, self._given(request)))

        return handle

    def _given(self, request: web.Request) -> dict[str, Any]:
        """Read query and headers; raises Problem for what is unknown, twice there, or not as its schema has it."""
        known = {param.name: param for param in self.params if param.where == "query"}
        for name in request.query:
            if name not in known:
                raise Problem(
                    400, f"there is no parameter {name[:80]!r} here: choose from {', '.join(known) or 'none'}"
                )
            if len(request.query.getall(name)) > 1:
                raise Problem(400, f"the parameter {name!r} stands there twice")
        found = {name: _read(param, request.query[name]) for name, param in known.items() if name in request.query}
        headers = [param for param in self.params if param.where == "header" and param.name in request.headers]
        return found | {param.name: _read(param, request.headers[param.name]) for param in headers}


def _read(param: Param, text: str) -> Any:
    value: Any = text
    if param.schema.get("type") == "integer" and _WHOLE.fullmatch(text):
        value = int(text)
    if wrong := fault(value, param.schema, f"{param.name!r}"):
        raise Problem(400, wrong)
    return value
