"""What a client may set of a job: a list of names, and for each the most it may ask for.

What is not named here is the operator's alone: folders and file names, private addresses, proxies, logins,
certificates, processes and their memory.
"""

from collections.abc import Callable, Mapping
from typing import Any

from downloader import registry
from downloader.errors import UsageError
from downloader.measures import AUTO
from downloader.settings import Settings

Bound = Callable[[Any, Any], bool]
"""Tells whether a client's value is within the operator's."""


def _free(_: Any, __: Any) -> bool:
    return True


def _at_most(value: Any, most: Any) -> bool:
    return bool(value <= most)


def _within(value: Any, most: Any) -> bool:
    """Compare where 0 means no limit, and "auto" a limit that finds itself."""
    return most == 0 or value == most or (AUTO not in (value, most) and 0 < value <= most)


CLIENT: Mapping[str, Bound] = {
    "url_col": _free,
    "hash_col": _free,
    "engine": _free,
    "jobs": _at_most,
    "per_host": _within,
    "limit_rate": _within,
    "rate": _within,
    "host_rate": _within,
    "retries": _at_most,
    "retry_max_time": _within,
    "retry_after_max": _at_most,
    "connect_timeout": _at_most,
    "read_timeout": _at_most,
    "timeout": _at_most,
    "max_bytes": _at_most,
    "max_redirects": _at_most,
    "min_side": _free,
    "max_pixels": _within,
    "max_aspect": _free,
    "formats": _free,
    "frames": _free,
    "process": _free,
    "dedupe": _free,
    "max_duration": _within,
}
"""The settings that a client may give, by their flat names, and how the operator's value bounds them."""


def flag(name: str) -> str:
    """Give a setting's name as the command line and the API write it."""
    return name.replace("_", "-")


def laid_over(base: Settings, options: Mapping[str, Any]) -> Settings:
    """Lay a client's options over the operator's settings.

    Raises UsageError for a name that is not the client's to give, and for a value that is unreadable or too much.
    """
    given = {name.replace("-", "_"): _plain(value) for name, value in options.items()}
    for name in given:
        if name not in CLIENT:
            raise UsageError(f"{flag(name)!r} is not an option of jobs: choose from {', '.join(map(flag, CLIENT))}")
    settings = base.replace(**given)
    flat, most = settings.flat(), base.flat()
    for name, value in given.items():
        if not CLIENT[name](flat[name], most[name]):
            raise UsageError(f"{flag(name)!r} cannot be {value!r}: this service allows {most[name]!r} at most")
    _check_parts(settings)
    return settings


def _plain(value: Any) -> Any:
    """Write a number as people do: settings read no exponents."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else f"{value:f}"


def _check_parts(settings: Settings) -> None:
    """Refuse a job at once that would fail at its start."""
    registry.part("engine", registry.ENGINES, registry.engine_named(settings.pace.engine))
    if settings.process.process:
        from downloader.postprocess import grammar

        list(grammar.parse(settings.process.process))


def offered(base: Settings) -> dict[str, Any]:
    """Give what a client may set, each with the operator's own value: what holds without it."""
    flat = base.flat()
    return {flag(name): flat[name] for name in CLIENT}
