"""What people write, read into values: sizes, times, rates. Each raises ValueError that says how to write it."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

_SIZES = {
    unit + byte: 1 << power
    for unit, power in (("", 0), ("k", 10), ("m", 20), ("g", 30), ("t", 40))
    for byte in ("", "b", "ib")
}

NONE = "none"
"""Said instead of a proxy or a file: go without, whatever the environment says."""

MOST_BITS = 16
"""Bits of 64 in which pictures that look alike may differ at most; from there on most pairs are strangers."""

LONGEST = 3650 * 86400.0
"""Seconds that any time may last: what clocks and locks of every system take."""

_TIMES = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _measure(value: Any, units: Mapping[str, float], example: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(value).lower())
    if not match or match[2] not in units or math.isinf(float(match[1])):
        raise ValueError(f"write it like {example}")
    return float(match[1]) * units[match[2]]


def size(value: Any) -> int:
    """Parse a count of bytes: 500, "64M", "1.5g" (powers of 1024)."""
    return int(_measure(value, _SIZES, "500, 64k or 1.5G"))


def count(value: Any) -> int:
    """Parse a count of things: 500, "50M", "1.5k" (powers of 1000)."""
    return int(_measure(value, {"": 1, "k": 1e3, "m": 1e6, "g": 1e9}, "500, 20k or 50M"))


def ratio(value: Any) -> float:
    """Parse a ratio of sides, 1 or more, or 0 for none: 3, "2.5", "16:9"."""
    over, colon, under = str(value).partition(":")
    longer, shorter = (_measure(side, {"": 1.0}, "3, 2.5 or 16:9") for side in (over, under if colon else 1))
    if shorter == 0 or 0 < longer < shorter:
        raise ValueError("it is the longer side over the shorter one: 1 or more")
    return longer / shorter


def seconds(value: Any) -> float:
    """Parse a length of time in seconds: 20, "100ms", "2m"."""
    found = _measure(value, _TIMES, "20, 100ms or 2m")
    if found > LONGEST:
        raise ValueError("the longest is 3650d")
    return found


def limit(value: Any) -> float:
    """Parse a limit of time in seconds, which cannot be 0."""
    if not (found := seconds(value)):
        raise ValueError("it must be more than 0")
    return found


def share(value: Any) -> float:
    """Parse a share from 0 to 1: "5%", 0.05."""
    text = str(value).strip()
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError("write a share from 0% to 100%")
    return number


def span(value: Any) -> tuple[float, float]:
    """Parse "first:longest", two lengths of time."""
    parts = tuple(value) if isinstance(value, (list, tuple)) else tuple(str(value).split(":"))
    if len(parts) != 2:
        raise ValueError("write the first and the longest wait like 0.5:30")
    first, longest = parts
    low, high = seconds(first), seconds(longest)
    if low > high:
        raise ValueError("the first wait is longer than the longest")
    return low, high


def pace(value: Any) -> tuple[int, float]:
    """Parse "bytes a second:seconds"; 0 for no limit."""
    parts = tuple(value) if isinstance(value, (list, tuple)) else tuple(str(value).split(":"))
    if parts == ("0",):
        return 0, 0.0
    if len(parts) != 2:
        raise ValueError("write bytes a second and a time like 1k:15")
    return size(parts[0]), seconds(parts[1])


def whole(least: int) -> Callable[[Any], int]:
    """Make a parser of whole numbers from ``least`` up."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"\s*-?\d+\s*", str(value)):
            raise ValueError("write a whole number")
        if int(value) < least:
            raise ValueError(f"the least is {least}")
        return int(value)

    return parse


AUTO = "auto"
"""Said instead of a number: find it."""


def places(value: Any) -> int | str:
    """Parse how many may be under way at once: a whole number from 0 up, or "auto"."""
    return AUTO if value == AUTO else whole(0)(value)


def processes(value: Any) -> int | str:
    """Parse how many processes share the work: a whole number from 1 up, or "auto"."""
    return AUTO if value == AUTO else whole(1)(value)


def word(*allowed: str) -> Callable[[Any], str]:
    """Make a parser that takes one of these words."""

    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"choose one of {', '.join(allowed)}")
        return str(value)

    parse.allowed = allowed  # type: ignore[attr-defined]  # the command line lists them as choices
    return parse


def some_of(*allowed: str) -> Callable[[Any], tuple[str, ...]]:
    """Make a parser that takes any of these words: a TOML array, or strings with commas between."""

    def parse(value: Any) -> tuple[str, ...]:
        return tuple(word(*allowed)(part) for text in words(value) for part in words(text))  # a flag given twice

    return parse


def truth(value: Any) -> bool:
    """Parse yes or no."""
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    answer = known.get(str(value).lower())
    if answer is None:
        raise ValueError("write true or false")
    return answer


def words(value: Any) -> tuple[str, ...]:
    """Parse a list of words: a TOML array, or one string with spaces or commas between."""
    return tuple(part for part in (re.split(r"[\s,]+", value) if isinstance(value, str) else _texts(value)) if part)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Iterable):
        raise TypeError('write a list like ["this", "that"]')
    return tuple(map(str, value))


def per_second(value: Any) -> float:
    """Parse a rate in starts a second: "10/s", "30/m", 5."""
    number, slash, unit = str(value).partition("/")
    if slash and unit.strip() not in ("s", "m", "h"):
        raise ValueError("write it like 10/s or 30/m")
    return _measure(number, {"": 1.0}, "10/s or 30/m") / (_TIMES[unit.strip()] if slash else 1.0)


def likeness(value: Any) -> str:
    """Parse by what images are alike: "sha256", "dhash", "dhash:4", or "" for not at all."""
    how, colon, bits = str(value or "").partition(":")
    if how not in ("", "sha256", "dhash") or (
        colon and (how != "dhash" or not bits.isdigit() or int(bits) > MOST_BITS)
    ):
        raise ValueError(f"write sha256, dhash or dhash:BITS with at most {MOST_BITS} bits")
    return str(value or "")


def host_rule(text: str) -> tuple[str, int, float]:
    """Parse "host[:port]=limit[,rate]" into its parts."""
    host, equals, rest = text.partition("=")
    limit, _, rate = rest.partition(",")
    if not (host and equals and limit):
        raise ValueError("write it like cdn.example=32 or cdn.example=32,10/s")
    return host.strip().lower(), whole(0)(limit), per_second(rate) if rate else 0.0


def rules(value: Any) -> tuple[str, ...]:
    """Take rules for hosts: one text, or several."""
    texts = tuple(value.split() if isinstance(value, str) else filter(None, _texts(value)))
    for text in texts:
        host_rule(text)
    return texts


def resolution(text: str) -> tuple[str, str]:
    """Parse "host:address" into its parts; an IPv6 address may stand in [brackets]."""
    host, colon, address = text.partition(":")
    try:
        return host.strip().lower(), str(ip_address(address.strip().strip("[]"))) if host and colon else ""
    except ValueError:
        raise ValueError("write it like cdn.example:192.0.2.1") from None


def resolutions(value: Any) -> tuple[str, ...]:
    """Take addresses of hosts: one text, or several."""
    texts = tuple(value.split() if isinstance(value, str) else filter(None, _texts(value)))
    for text in texts:
        if not resolution(text)[1]:
            raise ValueError("write it like cdn.example:192.0.2.1")
    return texts


def text(value: Any) -> str:
    """Take any text but an empty one."""
    if value in (None, ""):
        raise ValueError("it must not be empty")
    return str(value)


def without_login(text: str) -> str:
    """Give the URL of a proxy, as people write it, with its login left out."""
    # Up to the last "@": passwords hold anything, and people do not always escape it.
    return re.sub(r"^((?:https?=|all=)?(?:\w+://)?).*@", r"\1", text, flags=re.DOTALL)


def optional_text(value: Any) -> str | None:
    """Take any text; an empty one means none."""
    return str(value) if value not in (None, "") else None
