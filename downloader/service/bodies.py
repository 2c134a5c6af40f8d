"""JSON as clients send it, which may be anything."""

import json
from typing import Any

from downloader.service.problems import Problem

MOST_JSON = 16 << 20
"""Bytes of a body in JSON: read as a whole, it takes many times as much memory. Longer lists come as files."""

MOST_VALUES = 2_000_000
"""Values in it, about: 16 MB of empty lists would be 400 MB of memory, and seconds in which nobody else is served."""

_STARTS = (b",", b"[", b"{")


def parsed(body: bytes) -> Any:
    """Read JSON as it is meant to be: no NaN, no bottomless nesting, no crowd of nothings. Raises Problem."""
    if sum(map(body.count, _STARTS)) > MOST_VALUES:
        raise Problem(413, f"the body has more than {MOST_VALUES} values: send the list as a file")
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body cannot be read as JSON: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
