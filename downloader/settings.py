"""Every setting: one field = one flag = one environment name = one TOML key = one row in the docs.

A field's name gives all of them: ``per_host`` is ``--per-host``, ``DOWNLOADER_PER_HOST`` and ``per-host = 8``.
Its metadata holds the help text and the parser that turns what people write ("64M", "0.5:30") into the value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any, Self

from downloader.errors import UsageError

_SIZES = {
    unit + byte: 1 << power
    for unit, power in (("", 0), ("k", 10), ("m", 20), ("g", 30), ("t", 40))
    for byte in ("", "b", "ib")
}
LONGEST = 3650 * 86400.0
"""Seconds that any time may last: what clocks and locks of every system take."""

_TIMES = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _measure(value: Any, units: Mapping[str, float], example: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(value).lower())
    if not match or match[2] not in units:
        raise ValueError(f"write it like {example}")
    return float(match[1]) * units[match[2]]


def size(value: Any) -> int:
    """Parse a count of bytes: 500, "64M", "1.5g" (powers of 1024)."""
    return int(_measure(value, _SIZES, "500, 64k or 1.5G"))


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
    number = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not 0 <= number <= 1:
        raise ValueError("write a share from 0% to 100%")
    return number


def span(value: Any) -> tuple[float, float]:
    """Parse "first:longest", two lengths of time."""
    parts = value.split(":") if isinstance(value, str) else tuple(value)
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


def word(*allowed: str) -> Callable[[Any], str]:
    """Make a parser that takes one of these words."""

    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"choose one of {', '.join(allowed)}")
        return str(value)

    parse.allowed = allowed  # type: ignore[attr-defined]  # the command line lists them as choices
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
    parts = re.split(r"[\s,]+", value) if isinstance(value, str) else value
    return tuple(str(part) for part in parts if str(part))


def per_second(value: Any) -> float:
    """Parse a rate in starts a second: "10/s", "30/m", 5."""
    number, slash, unit = str(value).partition("/")
    if slash and unit.strip() not in ("s", "m", "h"):
        raise ValueError("write it like 10/s or 30/m")
    return _measure(number, {"": 1.0}, "10/s or 30/m") / (_TIMES[unit.strip()] if slash else 1.0)


def host_rule(text: str) -> tuple[str, int, float]:
    """Parse "host[:port]=limit[,rate]" into its parts."""
    host, equals, rest = text.partition("=")
    limit, _, rate = rest.partition(",")
    if not (host and equals and limit):
        raise ValueError("write it like cdn.example=32 or cdn.example=32,10/s")
    return host.strip().lower(), whole(0)(limit), per_second(rate) if rate else 0.0


def rules(value: Any) -> tuple[str, ...]:
    """Take rules for hosts: one text, or several."""
    texts = tuple(value.split()) if isinstance(value, str) else tuple(str(part) for part in value)
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
    texts = tuple(value.split()) if isinstance(value, str) else tuple(str(part) for part in value)
    for text in texts:
        if not resolution(text)[1]:
            raise ValueError("write it like cdn.example:192.0.2.1")
    return texts


def text(value: Any) -> str:
    """Take any text but an empty one."""
    if value in (None, ""):
        raise ValueError("it must not be empty")
    return str(value)


def optional_text(value: Any) -> str | None:
    """Take any text; an empty one means none."""
    return str(value) if value not in (None, "") else None


def option(default: Any, parse: Callable[[Any], Any], help: str, *, flag: str = "", metavar: str = "") -> Any:  # noqa: A002
    """Declare a setting; ``flag`` adds a short flag, ``metavar`` names its value in the help."""
    return field(default=default, metadata={"parse": parse, "help": help, "flag": flag, "metavar": metavar})


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is at work at once."""

    engine: str = option("thread", text, "How the waiting is done: thread, async or sequential.", metavar="NAME")
    jobs: int = option(16, whole(1), "Images at work at once, in all.", flag="-j", metavar="N")
    look_ahead: int = option(20_000, whole(1), "Images held at most, so that sorted lists find work.", metavar="N")
    per_host: int = option(8, whole(0), "Images at work at once per host; 0 for no limit.", metavar="N")

    limit_rate: int = option(0, size, "Most bytes a second in all; 0 for no limit.", metavar="SIZE")
    rate: float = option(0.0, per_second, "Most starts in all; 0 for no limit.", metavar="N/s")
    host_rate: float = option(0.0, per_second, "Most starts per host; 0 for no limit.", metavar="N/s")
    host_rule: tuple[str, ...] = option(
        (), rules, "Limit and rate of one host, by hand: cdn.example=32,10/s. Repeatable.", metavar="HOST=N[,N/s]"
    )


@dataclass(frozen=True, slots=True)
class Retry:
    """What is asked again, and when."""

    retries: int = option(4, whole(0), "How often a transient failure is asked again.", metavar="N")
    backoff: tuple[float, float] = option(
        (0.5, 30.0),
        span,
        "First and longest wait between tries; doubling, with full jitter.",
        metavar="FIRST:LONGEST",
    )
    retry_max_time: float = option(
        0.0, seconds, "No new try this long after an image's first; 0 for no limit.", metavar="TIME"
    )
    retry_after_max: float = option(
        300.0,
        seconds,
        "Wait as long as a server asks in Retry-After, up to this; longer fails 'busy'.",
        metavar="TIME",
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large one attempt may be, and what counts as an image."""

    connect_timeout: float = option(
        10.0, limit, "Longest wait for a connection, look-up and TLS included.", metavar="TIME"
    )
    read_timeout: float = option(20.0, limit, "Longest silence of a server.", metavar="TIME")
    timeout: float = option(60.0, limit, "Longest time for one whole attempt, redirects included.", metavar="TIME")
    min_speed: tuple[int, float] = option(
        (1024, 15.0), pace, "Least bytes a second over so long; 0 for no limit.", metavar="SIZE:TIME"
    )
    max_bytes: int = option(64 << 20, size, "Largest body, on the wire and decoded.", metavar="SIZE")
    max_redirects: int = option(10, whole(0), "Most redirects followed.", metavar="N")
    accept: str = option("image", word("image", "any"), "What is stored: images only, or any body.")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where we may go, and how we present ourselves."""

    allow_host: tuple[str, ...] = option(
        (), words, "A host that may have a private address. Repeatable.", metavar="HOST[:PORT]"
    )
    allow_private: bool = option(False, truth, "Allow private and loopback addresses everywhere.")  # noqa: FBT003
    dns_ttl: float = option(60.0, seconds, "How long a looked-up name is remembered.", metavar="TIME")
    dns_jobs: int = option(16, whole(1), "Names looked up at once.", metavar="N")
    ip: str = option("any", word("any", "4", "6"), "Connect by IPv4 or IPv6 alone; -4 and -6 say the same.")
    resolve: tuple[str, ...] = option(
        (), resolutions, "The address of a host, instead of a look-up. Repeatable.", metavar="HOST:ADDRESS"
    )
    ca_file: str | None = option(None, optional_text, "Certificate authorities to trust, a PEM file.", metavar="FILE")


@dataclass(frozen=True, slots=True)
class Output:
    """Where images go, and under which names."""

    output: str = option("images", text, "The folder for the images.", flag="-o", metavar="DIR")
    name: str = option(
        "{index:06d}",
        text,
        "Name of each image, without suffix; {index}, {stem} and {host} are known.",
        metavar="TEMPLATE",
    )
    fsync: bool = option(False, truth, "Survive a power loss too: flush each image to the disk.")  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class Ending:
    """When and how a job ends before its list does."""

    on_interrupt: str = option(
        "drain",
        word("drain", "abandon"),
        "On Ctrl-C: let what runs finish, or leave at once (as a second Ctrl-C does).",
    )
    drain_timeout: float = option(15.0, seconds, "Longest wait for what runs when draining.", metavar="TIME")
    max_duration: float = option(0.0, seconds, "Drain after this time and exit 8; 0 for no limit.", metavar="TIME")
    tolerate: float = option(0.0, share, "Failures up to this share still exit 0.", metavar="SHARE")


@dataclass(frozen=True, slots=True)
class Settings:
    """All groups; make one with ``Settings.of(jobs=64, engine="async")``."""

    pace: Pace = field(default_factory=Pace)
    retry: Retry = field(default_factory=Retry)
    limits: Limits = field(default_factory=Limits)
    reach: Reach = field(default_factory=Reach)
    output: Output = field(default_factory=Output)
    ending: Ending = field(default_factory=Ending)

    @classmethod
    def of(cls, **flat: Any) -> Self:
        """Make settings from flat names, parsing each value.

        Raises UsageError for an unknown name (it names the nearest one) or a value that cannot be read.
        """
        return cls().replace(**flat)

    def replace(self, **flat: Any) -> Self:
        """Give the same settings with these names changed; raises UsageError as ``of`` does."""
        changes = {_known(name): value for name, value in flat.items()}
        groups = {}
        for group in fields(self):
            current = getattr(self, group.name)
            own = {f.name: _parsed(f, changes[f.name]) for f in fields(current) if f.name in changes}
            groups[group.name] = type(current)(**{f.name: getattr(current, f.name) for f in fields(current)} | own)
        return type(self)(**groups)

    def flat(self) -> dict[str, Any]:
        """Give every setting by its flat name."""
        return {name: value for group in asdict(self).values() for name, value in group.items()}


def each_field() -> Iterator[tuple[type, "Field[Any]"]]:
    """Go through every setting with the group it belongs to."""
    for group in fields(Settings):
        kind = group.default_factory
        for setting in fields(kind):  # type: ignore[arg-type]  # each group is made by its own class
            yield kind, setting  # type: ignore[misc]


def _known(name: str) -> str:
    names = [setting.name for _, setting in each_field()]
    plain = name.replace("-", "_")
    if plain in names:
        return plain
    near = get_close_matches(plain, names, n=1)
    hint = f"; did you mean {near[0].replace('_', '-')!r}?" if near else ""
    raise UsageError(f"unknown setting {name!r}{hint}")


def _parsed(setting: "Field[Any]", value: Any) -> Any:
    try:
        return setting.metadata["parse"](value)
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"--{setting.name.replace('_', '-')} cannot be {value!r}: {error}") from error
