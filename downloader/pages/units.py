"""How figures are written: three digits that count, and their unit."""

from collections.abc import Callable
from datetime import UTC, datetime
from math import floor, log10

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def digits(value: float) -> str:
    """Write a number with three digits that count, and never fewer than stand before the point."""
    if not value:
        return "0"
    places = max(0, 2 - floor(log10(abs(value))))
    return f"{value:,.{places}f}"


def seconds_text(value: float) -> str:
    """Write a length of time."""
    scale, unit = next((pair for pair in _TIMES if value >= pair[0]), _TIMES[-1])
    return f"{digits(value / scale)} {unit}" if value else "0 s"


def seconds_on(most: float) -> Callable[[float], str]:
    """Give the writer of round times on an axis up to ``most``: all in one unit, no digit more than they need."""
    scale, unit = next((pair for pair in _TIMES if most >= pair[0]), _TIMES[-1])
    return lambda value: f"{value / scale:.6g} {unit}"


def size_text(value: float) -> str:
    """Write a count of bytes."""
    scale, unit = next((pair for pair in _SIZES if value >= pair[0]), (1, "B"))
    return f"{digits(value / scale)} {unit}"


def moment_text(seconds: float) -> str:
    """Write a time, in seconds since the epoch, as ISO 8601 in UTC with milliseconds: what programs sort by."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def share_text(value: float) -> str:
    """Write a share; one that is small but not nothing is not written as nothing."""
    return "< 1 %" if 0 < value < 0.005 else f"{value:.0%}".replace("%", " %")


def count_text(value: float) -> str:
    """Write a count."""
    return f"{value:,.0f}"


def decimal_text(count: float) -> str:
    """Write a count of bytes as people read it beside rates: in powers of ten."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
