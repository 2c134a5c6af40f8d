"""The schemas of the options that a client may give: the operator's own value is the most."""

from collections.abc import Callable, Mapping
from typing import Any

from downloader import registry
from downloader.measures import AUTO, LONGEST
from downloader.service.limits import CLIENT, flag
from downloader.service.schema import Schema
from downloader.settings import Settings, each_field

_MODES = "border|keep-ratio|keep-ratio-largest|center-crop"
_STEPS = "|".join(
    (
        "decode|orient|srgb|fingerprint",
        "strip=(gps|all)",
        "convert=(jpeg|png|webp|avif)",
        "convert=(jpeg|webp|avif),[1-9][0-9]",
        "thumbnail=[1-9][0-9]{0,2}",
        f"resize=[1-9][0-9]{{0,3}}(,({_MODES}))?(,only-larger)?(,quality=(good|fast))?",
    )
)
_FORMATS = ("jpeg", "png", "gif", "webp", "avif", "bmp", "tiff", "ico")

Made = Callable[[Any], Schema]


def _whole(least: int) -> Made:
    return lambda most: {"type": "integer", "minimum": least, "maximum": most}


def _number(least: float) -> Made:
    return lambda most: {"type": "number", "minimum": least, "maximum": most}


def _unless_zero(kind: str, least: float) -> Made:
    """Make a schema of a limit that is 0 where there is none."""

    def made(most: Any) -> Schema:
        if most == AUTO:
            return {"enum": [AUTO]}
        return {"type": kind, "minimum": least if most else 0, "maximum": most or int(LONGEST)}

    return made


def _column(least: int) -> Made:
    return lambda _: {"type": "string", "minLength": least, "maxLength": 200, "pattern": "^[^\\x00-\\x1f]*$"}


def _one_of(*words: str) -> Made:
    return lambda _: {"type": "string", "enum": list(words)}


_MADE: Mapping[str, Made] = {
    "url_col": _column(1),
    "hash_col": _column(0),
    "engine": _one_of(AUTO, *registry.ENGINES),
    "jobs": _whole(1),
    "per_host": _unless_zero("integer", 1),
    "limit_rate": _unless_zero("integer", 1),
    "rate": _unless_zero("number", 0.01),
    "host_rate": _unless_zero("number", 0.01),
    "retries": _whole(0),
    "retry_max_time": _unless_zero("number", 0.001),
    "retry_after_max": _number(0),
    "connect_timeout": _number(0.001),
    "read_timeout": _number(0.001),
    "timeout": _number(0.001),
    "max_bytes": _whole(1),
    "max_redirects": _whole(0),
    "min_side": lambda _: {"type": "integer", "minimum": 0, "maximum": 1 << 31},
    "max_pixels": _unless_zero("integer", 1),
    "max_aspect": lambda _: {"type": "number", "minimum": 1, "maximum": 1 << 31},
    "formats": lambda _: {"type": "array", "items": {"type": "string", "enum": list(_FORMATS)}, "maxItems": 8},
    "frames": _one_of("first", "all", "reject"),
    "process": lambda _: {"type": "array", "items": {"type": "string", "pattern": f"^({_STEPS})$"}, "maxItems": 8},
    "dedupe": lambda _: {"type": "string", "pattern": "^(sha256|dhash(:([0-9]|1[0-5]))?)?$"},
    "max_duration": _unless_zero("number", 0.001),
}


def options_schema(base: Settings) -> Schema:
    """Give the schema of the options of a job: sizes in bytes, times in seconds, unlike the command line's texts."""
    flat = base.flat()
    helps = {setting.name: setting.metadata["help"] for _, setting in each_field()}
    known = {
        flag(name): {
            **_MADE[name](flat[name]),
            "description": helps[name],
            "default": "" if flat[name] is None else flat[name],
        }
        for name in CLIENT
    }
    return {"type": "object", "additionalProperties": False, "properties": known}
