"""Values as people write them: what the parsers of ``measures`` read back to the same value."""

import json
from dataclasses import Field
from decimal import Decimal
from typing import Any, TypeAlias

from downloader.measures import count, size

Plain: TypeAlias = str | int | float | bool | list[str]

_STEPS = {
    size: ((1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k")),
    count: ((10**9, "G"), (10**6, "M"), (10**3, "k")),
}
"""Units by the parser that reads them, largest first."""


def plain(setting: "Field[Any]", value: Any) -> Plain:
    """Give the value of a setting as a person writes it: "64M", "0.5:30", 16, true, a list of texts."""
    if value is None:
        return ""
    if isinstance(value, tuple) and any(not isinstance(part, str) for part in value):
        return _pair(value)
    if isinstance(value, tuple):
        return list(value)
    return _sized(setting.metadata["parse"], value) if setting.metadata["parse"] in _STEPS else _number(value)


def toml(value: Plain) -> str:
    """Give such a value as TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    # JSON's strings are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _sized(parse: Any, value: int) -> int | str:
    for step, unit in _STEPS[parse]:
        if value and value % step == 0:
            return f"{value // step}{unit}"
    return value


def _number(value: Any) -> Plain:
    """Write 60.0 as 60, and leave texts; the parsers take no exponents."""
    if not isinstance(value, float):
        return value  # type: ignore[no-any-return]
    if value.is_integer():
        return int(value)
    return f"{Decimal(repr(value)):f}" if "e" in repr(value) else value


def _pair(parts: tuple[Any, ...]) -> str:
    """Write a pair of times, or bytes (whole) over a time."""
    return ":".join(str(_sized(size, part) if isinstance(part, int) else _number(part)) for part in parts)
