"""What JSON says of one image, an object or a string, as a line."""

import json
from collections.abc import Mapping
from typing import Any

from downloader.model import Line
from downloader.policy.address import NO_URL

OWN = frozenset(("url", "index", "code", "detail", "http_status", "attempts"))
"""Fields that failed.jsonl writes itself; an object that has them all is a line of it, and they are no columns."""

LONGEST = 200
"""Characters of an entry without a URL that are kept to tell it by."""


def line_of(entry: Any, place: str, url_col: str) -> Line:
    """Give the line of an entry; what holds no URL is a line that tells so, to fail as a bad URL."""
    if isinstance(entry, str):
        return Line(entry, place)
    if not isinstance(entry, dict):
        return Line(f"{NO_URL}neither a string nor an object: {_shown(entry)}", place)
    if _is_exported(entry):
        entry, url_col = {**entry["columns"], "url": entry.get("url")}, "url"
    own = OWN if entry.keys() >= OWN else frozenset({column_of(entry, url_col)})
    url = entry.get("url" if own is OWN else column_of(entry, url_col))
    columns = {_whole(key): _text(value) for key, value in entry.items() if key not in own and value is not None}
    if not isinstance(url, str):
        return Line(f"{NO_URL}no string under {url_col!r} in {_shown(entry)}", place, columns)
    return Line(url, place, columns)


def _is_exported(entry: Mapping[str, Any]) -> bool:
    """Tell a line of ``downloader export``: what the user's list said stands in an object of its own there."""
    return isinstance(entry.get("columns"), dict) and entry.keys() >= {"index", "status"}


def column_of(names: Any, wanted: str) -> str:
    """Give the name as it is written among these, in any case; the name itself where it is not among them."""
    return wanted if wanted in names else next((name for name in names if name.lower() == wanted.lower()), wanted)


def _text(value: Any) -> str:
    return _whole(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _shown(entry: Any) -> str:
    return _text(entry)[:LONGEST]


def _whole(text: str) -> str:
    """Spell out halves of characters, which JSON can hold and nothing else can."""
    return text.encode("utf-8", "backslashreplace").decode()
