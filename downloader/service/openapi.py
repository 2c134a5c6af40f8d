"""/openapi.json, made from the tables that make the routes."""

from collections.abc import Iterable, Mapping
from typing import Any

from downloader import __version__
from downloader.service.operations import ID, JSON, Operation, Param, Reply
from downloader.service.problems import MEDIA
from downloader.service.schemas import schemas
from downloader.service.serving import Serving

ALWAYS = (400, 403, 421, 500, 507)
"""Problems that any operation may have: a bad request, a foreign page or name, an error of ours, a full disk."""


def document(operations: Iterable[Operation], serving: Serving) -> Mapping[str, Any]:
    """Give the description of the service (OpenAPI 3.1)."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(plain(operation.path), {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parallel image downloader", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas(serving),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}] if serving.token and not serving.no_auth else [],
    }


def plain(path: str) -> str:
    """Give a path without the patterns of its variables."""
    for name, pattern in PATTERNS.items():
        path = path.replace(f"{{{name}:{pattern}}}", f"{{{name}}}")
    return path


PATTERNS = {"id": ID, "index": r"\d{1,15}"}
"""The variables of paths."""

_VARIABLES = {
    "id": Param("id", {"type": "string", "pattern": f"^{ID}$"}, "the job's id", "path"),
    "index": Param("index", {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}, "the item's index", "path"),
}


def _described(operation: Operation) -> Mapping[str, Any]:
    variables = [param for name, param in _VARIABLES.items() if f"{{{name}:" in operation.path]
    told: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [_param(param) for param in (*variables, *operation.params)],
        "responses": _replies(operation, bool(variables)),
    }
    if operation.bodies:
        content = {media: {"schema": _named(schema)} for media, schema in operation.bodies.items()}
        told["requestBody"] = {"required": True, "content": content}
    return told | ({"security": []} if operation.open else {})


def _param(param: Param) -> Mapping[str, Any]:
    return {
        "name": param.name,
        "in": param.where,
        "required": param.where == "path",
        "schema": param.schema,
        "description": param.help,
    }


def _replies(operation: Operation, has_variables: bool) -> Mapping[str, Any]:  # noqa: FBT001 - private, said by its name
    statuses = {*ALWAYS, *operation.problems, *((404,) if has_variables else ()), *(() if operation.open else (401,))}
    problem = {"description": "a problem", "content": {MEDIA: {"schema": _named("Problem")}}}
    return {str(status): _reply(reply) for status, reply in operation.replies.items()} | {
        str(status): problem for status in sorted(statuses) if status not in operation.replies
    }


def _reply(reply: Reply) -> Mapping[str, Any]:
    told: dict[str, Any] = {"description": reply.help}
    if reply.headers:
        told["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in reply.headers.items()
        }
    if reply.media:
        schema = _named(reply.schema) if reply.schema else {}
        told["content"] = {reply.media: {"schema": schema} if reply.media == JSON or schema else {}}
    return told


def _named(name: str) -> Mapping[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
