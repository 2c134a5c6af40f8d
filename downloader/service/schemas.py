"""The shapes of what goes in and out, as JSON Schema: checked at the way in, told in /openapi.json."""

from collections.abc import Mapping
from typing import Any

from downloader.policy.address import MAX_URL
from downloader.service.options import options_schema
from downloader.service.schema import Schema
from downloader.service.serving import Serving
from downloader.service.states import State

MOST_NAME = 200
MOST_COLUMNS = 100

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_NUMBER = {"type": "number"}
_MAYBE_TEXT = {"type": ["string", "null"]}
_MAYBE_WHOLE = {"type": ["integer", "null"]}
_MAYBE_NUMBER = {"type": ["number", "null"]}
_COUNTS = {"type": "object", "additionalProperties": _WHOLE}
_ANYTHING: Schema = {"type": ["object", "null"]}
_URL = {"type": "string", "minLength": 1, "maxLength": MAX_URL}
_VALUE = {"type": ["string", "number", "boolean", "null"]}


def _record(**properties: Schema) -> Schema:
    """Make a schema in which all properties are there, and no others."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": _named(name)}


_JOB = _record(
    id=_TEXT, name=_TEXT, status={"type": "string", "enum": [state.value for state in State]}, reason=_MAYBE_TEXT,
    created=_NUMBER, started=_MAYBE_NUMBER, ended=_MAYBE_NUMBER, options={"type": "object"},
    retried={"type": ["array", "null"], "items": _TEXT}, counts=_COUNTS, codes=_COUNTS, lines=_MAYBE_WHOLE,
    bytes=_WHOLE, in_flight=_WHOLE, may={"type": "array", "items": _TEXT},
)  # fmt: skip

_ITEM = _record(
    index=_WHOLE, url=_TEXT, final_url=_MAYBE_TEXT, path=_MAYBE_TEXT, status=_TEXT, code=_MAYBE_TEXT,
    detail=_MAYBE_TEXT, http_status=_MAYBE_WHOLE, bytes=_MAYBE_WHOLE, sha256=_MAYBE_TEXT, format=_MAYBE_TEXT,
    attempts=_WHOLE, seconds=_NUMBER, place=_MAYBE_TEXT, columns=_ANYTHING, width=_MAYBE_WHOLE, height=_MAYBE_WHOLE,
    steps=_MAYBE_TEXT, fields=_ANYTHING, thumbnail=_MAYBE_TEXT, original=_MAYBE_TEXT,
)  # fmt: skip

_CAUSE = _record(
    code=_TEXT, count=_WHOLE, transient={"type": "boolean"}, advice=_TEXT, hosts=_COUNTS,
    samples={"type": "array", "items": _record(index=_WHOLE, url=_TEXT, detail=_MAYBE_TEXT, http_status=_MAYBE_WHOLE)},
)  # fmt: skip


def submission(serving: Serving) -> Schema:
    """Give the schema of a job as it is submitted, by ``urls`` or by ``items``."""
    item = {
        "type": "object",
        "required": ["url"],
        "properties": {"url": _URL},
        "additionalProperties": _VALUE,
        "maxProperties": MOST_COLUMNS,
    }
    most = serving.bounds.urls
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "maxLength": MOST_NAME},
            "urls": {"type": "array", "items": _URL, "minItems": 1, "maxItems": most},
            "items": {"type": "array", "items": item, "minItems": 1, "maxItems": most},
            "options": options_schema(serving.settings),
        },
        "oneOf": [{"required": ["urls"]}, {"required": ["items"]}],
    }


def schemas(serving: Serving) -> Mapping[str, Any]:
    """Give all schemas by name."""
    return {
        "Problem": _record(type=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT),
        "Submission": submission(serving),
        "List": {"type": "string", "minLength": 1, "description": "URLs, one a line"},
        "Upload": {
            "type": "object",
            "required": ["file"],
            "additionalProperties": False,
            "properties": {
                "file": {"type": "string", "format": "binary", "description": "csv, tsv, jsonl or txt, or one as .gz"},
                "options": options_schema(serving.settings),
                "name": {"type": "string", "maxLength": MOST_NAME},
            },
        },
        "Job": _JOB,
        "Jobs": _record(jobs=_list_of("Job"), next=_MAYBE_TEXT),
        "Item": _ITEM,
        "Items": _record(items=_list_of("Item"), next=_MAYBE_WHOLE),
        "Cause": _CAUSE,
        "Failures": _record(failures=_list_of("Cause"), hosts=_COUNTS),
        "Token": _record(token={"type": "string", "minLength": 1, "maxLength": 1024}),
        "Session": _record(auth={"type": "boolean"}, known={"type": "boolean"}),
        "Options": _record(options={"type": "object"}, bounds=_COUNTS),
        "Health": _record(status=_TEXT),
        "Readiness": _record(ready={"type": "boolean"}, store=_TEXT, disk=_TEXT, draining={"type": "boolean"}),
    }
