"""The bar as one line of text, in ASCII: the signs of finer bars are two columns wide on some terminals, and wrap."""

from collections.abc import Sequence
from dataclasses import dataclass

from downloader.pages.units import decimal_text

SHORTEST = 10
"""Columns of the smallest bar worth drawing."""

LONGEST = 1000 * 3600
"""Seconds left above which nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a job is: counts of images, rates a second; ``total`` is None until the list has been read."""

    done: int
    total: int | None
    failed: int
    images: float
    bytes: float


def bar_line(standing: Standing, width: int) -> str:
    """Write it in at most ``width`` columns: what matters least goes first, and the bar takes what is left."""
    words = _words(standing)
    while len(words) > 1 and len("  ".join(words)) > width:
        words.pop()
    told = "  ".join(_in_order(words, standing))[:width]
    room = width - len(told) - 4
    if standing.total is None or room < SHORTEST:
        return told
    return f"[{_drawn(standing.done / max(standing.total, 1), room)}]  {told}"


def _words(standing: Standing) -> list[str]:
    """Give what is told, the most important first."""
    total = "" if standing.total is None else f"/{standing.total:,}"
    words = [f"{standing.done:,}{total}" if total else f"{standing.done:,} done"]
    words += [f"{standing.failed:,} failed"] if standing.failed else []
    return [*words, f"{standing.images:.1f} images/s", f"{decimal_text(standing.bytes)}/s", _left(standing)]


def _in_order(words: Sequence[str], standing: Standing) -> list[str]:
    """Put the failures behind the rates, where they are looked for."""
    if not standing.failed or len(words) < 3:
        return [word for word in words if word]
    count, failed, *rates = words
    return [word for word in (count, *rates[:2], failed, *rates[2:]) if word]


def _left(standing: Standing) -> str:
    """Say how long the rest takes at the rate so far."""
    rest = (standing.total or 0) - standing.done
    if rest <= 0 or rest >= standing.images * LONGEST:
        return ""
    minutes, seconds = divmod(round(rest / standing.images), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} left"


def _drawn(share: float, width: int) -> str:
    full = int(min(max(share, 0.0), 1.0) * width)
    return "=" * width if full == width else ("=" * full + ">").ljust(width)
