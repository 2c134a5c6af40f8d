"""The settings by group; a group is given to the part that needs it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from downloader.measures import (
    AUTO,
    count,
    likeness,
    limit,
    optional_text,
    pace,
    per_second,
    places,
    processes,
    ratio,
    resolutions,
    rules,
    seconds,
    share,
    size,
    some_of,
    span,
    text,
    truth,
    whole,
    without_login,
    word,
    words,
)


def option(
    default: Any,
    parse: Callable[[Any], Any],
    help: str,  # noqa: A002
    *,
    flag: str = "",
    metavar: str = "",
    shown: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a setting; ``flag`` adds a short flag, ``metavar`` names its value in the help.

    A value that may hold a secret has ``shown``: it gives what of the value may be kept and shown.
    """
    told = {"parse": parse, "help": help, "flag": flag, "metavar": metavar, "shown": shown}
    return field(default=default, metadata=told, repr=shown is None)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is at work at once."""

    engine: str = option(
        AUTO,
        text,
        "How the waiting is done: curl, async, thread or sequential; 'auto' is curl where pycurl is there, else async.",
        metavar="NAME",
    )
    jobs: int = option(16, whole(1), "Images at work at once, in all.", flag="-j", metavar="N")
    processes: int | str = option(
        1, processes, "Processes that share the work, and every limit of it; 'auto' for one a core.", metavar="N"
    )
    look_ahead: int = option(
        20_000, whole(1), "Images read ahead at most, so that a list sorted by host finds work.", metavar="N"
    )
    per_host: int | str = option(
        8,
        places,
        "Images at work at once per host; 0 for no limit, 'auto' to raise it while that brings more.",
        metavar="N",
    )

    limit_rate: int = option(0, size, "Most bytes a second in all; 0 for no limit.", metavar="SIZE")
    rate: float = option(0.0, per_second, "Most attempts begun, in all; 0 for no limit.", metavar="N/s")
    host_rate: float = option(0.0, per_second, "Most attempts begun per host; 0 for no limit.", metavar="N/s")
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
    insecure: bool = option(False, truth, "Trust any certificate: do not check who answers.")  # noqa: FBT003
    proxy: tuple[str, ...] = option(
        (),
        words,
        "Ask through an HTTP proxy: http://host:3128, or https=http://host:3128 for one scheme; 'none' for none. "
        "Without it the environment's (https_proxy) hold. Repeatable.",
        metavar="[SCHEME=]URL",
        shown=lambda urls: tuple(map(without_login, urls)),
    )
    no_proxy: tuple[str, ...] = option(
        (), words, "A host, domain or network asked without a proxy. Repeatable.", metavar="HOST"
    )
    http2: bool = option(
        False,  # noqa: FBT003
        truth,
        "Speak HTTP/2 over TLS where the server does: many images over one connection. The curl engine alone can.",
    )
    netrc: str | None = option(
        None, optional_text, "Logins by host; without it $NETRC or ~/.netrc, 'none' for none.", metavar="FILE"
    )


@dataclass(frozen=True, slots=True)
class Output:
    """Where images go, and under which names."""

    output: str = option("images", text, "The folder for the images.", flag="-o", metavar="DIR")
    name: str = option(
        "{index:06d}",
        text,
        "Name of each image, without suffix, of {index}, {stem}, {host}, {ext}, {sha256}, {url_hash}, {original} and "
        "your table's columns; 'original' for the name its server or its URL gives.",
        metavar="TEMPLATE",
    )
    name_col: str | None = option(
        None,
        optional_text,
        "A column of your table that holds the names; where it is empty --name holds.",
        metavar="NAME",
    )
    fanout: int | str = option(
        AUTO,
        places,
        "Images in a folder where --name makes none; 0 puts all in one, 'auto' 1,000 from index 10,000 on.",
        metavar="N",
    )
    on_conflict: str = option(
        "rename",
        word("rename", "skip", "overwrite"),
        "Where a file of yours has an image's name: name the image around it, skip the image, or replace the file.",
    )
    fsync: bool = option(False, truth, "Survive a power loss too: flush each image to the disk.")  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class FilterRules:
    """Which images are worked on; the others are skipped, with the reason. Read from the header, before decoding."""

    min_side: int = option(0, whole(0), "Least pixels of the shorter side.", metavar="N")
    max_pixels: int = option(
        50_000_000, count, "Most pixels, over all frames that are kept; 0 for no limit.", metavar="N"
    )
    max_aspect: float = option(0.0, ratio, "Most the longer side may be of the shorter; 0 for any.", metavar="RATIO")
    formats: tuple[str, ...] = option(
        (),
        some_of("jpeg", "png", "gif", "webp", "avif", "bmp", "tiff", "ico"),
        "Formats wanted, like jpeg,png; any without it.",
        metavar="LIST",
    )
    frames: str = option(
        "first", word("first", "all", "reject"), "Of an animation: work on its first frame, on all, or refuse it."
    )


@dataclass(frozen=True, slots=True)
class Process:
    """What is done to each image between fetching and storing, and in how many processes."""

    process: tuple[str, ...] = option(
        (),
        words,
        "Work on each image: resize=256,center-crop,convert=webp,80 and so on. Repeatable.",
        metavar="STEP[,STEP]",
    )
    workers: int | str = option(
        AUTO, places, "Processes to work in; 'auto' for one a core, 0 for threads of this process.", metavar="N"
    )
    worker_memory: int = option(1 << 30, size, "Most memory of one of them.", metavar="SIZE")
    process_timeout: float = option(20.0, limit, "Longest time for the work on one image.", metavar="TIME")
    dedupe: str = option(
        "",
        likeness,
        "Keep the first of images that are alike: sha256 by their bytes, dhash[:BITS] by their looks.",
        metavar="HOW",
    )


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
    min_free: int = option(0, size, "Drain when less is free on the disk and exit 8; 0 for off.", metavar="SIZE")
    tolerate: float = option(0.0, share, "Failures up to this share still exit 0.", metavar="SHARE")
