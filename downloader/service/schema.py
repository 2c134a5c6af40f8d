"""A small part of JSON Schema: what /openapi.json says of a value is what the value is checked by."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    # 3.0 is an integer, too (JSON Schema 2020-12, 6.1.1).
    "integer": lambda value: not isinstance(value, bool) and isinstance(value, int | float) and value == value // 1,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    # To Python "$" is also before a line break at the end, to JSON Schema it is the end (ECMA-262).
    return re.compile(re.sub(r"\$$", r"\\Z", text))


_RULES: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "enum": (lambda value, most: value in most, "must be one of {!r}"),
    "minimum": (lambda value, least: value >= least, "must be {!r} or more"),
    "maximum": (lambda value, most: value <= most, "must be {!r} or less"),
    "minLength": (lambda value, least: len(value) >= least, "must have {!r} characters or more"),
    "maxLength": (lambda value, most: len(value) <= most, "must have {!r} characters or less"),
    "minItems": (lambda value, least: len(value) >= least, "must have {!r} entries or more"),
    "maxItems": (lambda value, most: len(value) <= most, "must have {!r} entries or less"),
    "maxProperties": (lambda value, most: len(value) <= most, "must have {!r} names or less"),
    "pattern": (lambda value, text: bool(_pattern(text).search(value)), "must match {!r}"),
}


def fault(value: Any, schema: Schema, at: str = "it") -> str | None:
    """Say what is wrong with a value, or None where it is as the schema has it."""
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES[kind](value) for kind in kinds):
        return f"{at} must be {' or '.join(kinds)}"
    if value is None:
        return None
    for name, (holds, said) in _RULES.items():
        if name in schema and not holds(value, schema[name]):
            return f"{at} {said.format(schema[name])}"
    if isinstance(value, list) and "items" in schema:
        return _first(fault(entry, schema["items"], f"{at}[{number}]") for number, entry in enumerate(value))
    return _fault_of_object(value, schema, at) if isinstance(value, dict) else None


def _fault_of_object(value: dict[str, Any], schema: Schema, at: str) -> str | None:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    if missing := [name for name in schema.get("required", ()) if name not in value]:
        return f"{at} must have {missing[0]!r}"
    if others is False and (strange := [name for name in value if name not in known]):
        return f"{at} cannot have {strange[0][:80]!r}: choose from {', '.join(map(repr, known))}"
    return _first(fault(each, known.get(name, others), f"{at}.{name[:80]}") for name, each in value.items())


def _first(faults: Any) -> str | None:
    return next((found for found in faults if found), None)
