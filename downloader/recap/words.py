"""What every report says in words, before it is escaped for where it stands."""

from collections.abc import Iterator
from datetime import UTC, datetime

from downloader import registry
from downloader.measures import AUTO, without_login
from downloader.pages.units import decimal_text, digits, seconds_text
from downloader.recap.record import Counts, Course, Host, Recap

HEADS_COURSE = ("Seconds", "Images", "Failures", "Images/s", "Bytes/s")
HEADS_HOSTS = ("Host", "Images", "Failures", "Bytes", "Mean time", "Learnt")
HEADS_SLOW = ("URL", "Time at work", "Attempts", "Ended")


def moment(seconds: float) -> str:
    """Write a time, in seconds since the epoch, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")


def duration(seconds: float) -> str:
    """Write how long a run took: from two minutes on in hours, minutes and seconds."""
    if seconds < 120:
        return seconds_text(seconds)
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"


def counts_text(counts: Counts) -> str:
    """Write how many ended how."""
    return f"{counts.saved:,} saved, {counts.skipped:,} skipped, {counts.failures:,} failed"


def figures(recap: Recap) -> Iterator[tuple[str, str]]:
    """Give the figures of the run, each with its name."""
    seconds = max(recap.seconds, 1e-3)
    yield "This run", counts_text(recap.run)
    if recap.ending.whole:
        yield "The whole list", counts_text(recap.ending.whole)
    if recap.ending.known:
        yield "Settled in earlier runs", f"{recap.ending.known:,}"
    yield "Began", moment(recap.began)
    yield "Duration", duration(recap.seconds)
    yield "Images", f"{digits(recap.fetched / seconds)} a second"
    yield "Bytes", f"{decimal_text(recap.bytes)}, {decimal_text(recap.bytes / seconds)} a second"
    yield "Attempts", f"{recap.attempts:,}"
    yield "At work at once", f"{digits(recap.seconds_at_work / seconds)} on average"
    yield "Exit status", str(recap.ending.status)


def made(recap: Recap) -> Iterator[tuple[str, str]]:
    """Give how the run was made: what is not as it is by default, and the versions."""
    for name in dict.fromkeys(("engine", "jobs", "output", *recap.changed)):
        yield f"--{name.replace('_', '-')}", _value(recap.settings[name]) + _meant(name, recap.settings[name])
    yield from recap.versions.items()


def _meant(name: str, value: object) -> str:
    """Say which engine ran where the setting leaves it open."""
    return f": {registry.engine_named(AUTO)}" if (name, value) == ("engine", AUTO) else ""


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def latencies(recap: Recap) -> Iterator[tuple[str, str]]:
    """Give how long images were at work: percentiles, and the longest."""
    for percent, seconds in recap.percentiles.items():
        yield f"p{percent}", seconds_text(seconds)
    if recap.percentiles:
        yield "longest", seconds_text(recap.longest)


def course_rows(course: Course) -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of throughput."""
    for place, found in enumerate(course.bins):
        start = place * course.width
        yield (
            f"{start:,.6g} to {start + course.width:,.6g}",
            f"{found.images:,}",
            f"{found.failures:,}",
            digits(found.images / course.width),
            decimal_text(found.bytes / course.width),
        )


def host_rows(recap: Recap, most: int) -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of hosts; those past ``most`` stand in the last one, with the others."""
    rest = [*recap.hosts[most:], *([recap.other_hosts] if recap.other_hosts else [])]
    for host in recap.hosts[:most]:
        yield _host_row(host)
    if rest:
        yield _host_row(Host(
            "other hosts", sum(host.images for host in rest), sum(host.failures for host in rest),
            sum(host.bytes for host in rest), sum(host.seconds for host in rest),
        ))  # fmt: skip


def _host_row(host: Host) -> tuple[str, ...]:
    told = (f"{host.images:,}", f"{host.failures:,}", decimal_text(host.bytes), seconds_text(host.mean))
    return host.name or "no host", *told, host.learnt


def slow_rows(recap: Recap) -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of the slowest images."""
    for slow in recap.slowest:
        yield address(slow.url), seconds_text(slow.seconds), f"{slow.attempts}", slow.code or "saved"


def address(url: str) -> str:
    """Give a URL as it may be shown to others: without its login."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{without_login(place)}{slash}{path}" if mark else url
