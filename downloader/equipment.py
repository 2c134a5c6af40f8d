"""What a job is made with: limits of the machine, rules for hosts, a place for parts, an end in time."""

import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from downloader.engines.crew import start
from downloader.engines.kit import Kit
from downloader.engines.spool import Spool
from downloader.engines.ways import Ways
from downloader.errors import OutputError
from downloader.manifest.database import FOLDER, translated
from downloader.measures import AUTO, host_rule
from downloader.model import Notice
from downloader.policy.host import Rule, Rules
from downloader.policy.pace import Throttle
from downloader.ports import Control, Emit
from downloader.settings import Ending, Settings

DESCRIPTORS_OWN = 32
"""Descriptors for ourselves: databases, lists, terminal, the event loop."""

DESCRIPTORS_EACH = 3
"""Descriptors for each image at work: a connection, one that is just closing, and perhaps a part."""


def make_kit(settings: Settings, ways: Ways, spool: Spool, emit: Emit, *, measure: bool, attempts: bool) -> Kit:
    """Make what the engine is made with, within the machine's limits."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    limit = soft if soft != resource.RLIM_INFINITY else 1 << 20
    jobs = min(settings.pace.jobs, (limit - DESCRIPTORS_OWN) // DESCRIPTORS_EACH)
    if jobs < 1:
        raise OutputError(f"the limit of open files is {limit}, too low to work with: raise it with ulimit -n 256")
    if jobs < settings.pace.jobs:
        emit(Notice(f"--jobs {jobs} instead of {settings.pace.jobs}: the limit of open files is {limit}"))
    for remark in ways.remarks():
        emit(Notice(remark))
    throttle = Throttle(settings.pace.limit_rate) if settings.pace.limit_rate else None
    ceiling = limit - DESCRIPTORS_OWN // 2 - jobs
    return Kit(settings, ways, spool, jobs, throttle, Lock(), measure=measure, attempts=attempts, ceiling=ceiling)


def host_rules(settings: Settings) -> Rules:
    """Give what holds for hosts."""
    pace, retry = settings.pace, settings.retry
    named = {host: Rule(limit, rate) for host, limit, rate in map(host_rule, pace.host_rule)}
    limit = {"auto": True} if pace.per_host == AUTO else {"limit": int(pace.per_host)}
    default = Rule(rate=pace.host_rate, **limit)
    return Rules(default, named, pace.rate, probes=max(1, retry.retries), rest=retry.backoff)


@contextmanager
def time_limit(control: Control, ending: Ending) -> Iterator[None]:
    """Drain when --max-duration is over."""
    if not ending.max_duration:
        yield
        return
    longest = min(ending.max_duration, threading.TIMEOUT_MAX)
    timer = threading.Timer(longest, control.drain, args=("max-duration", ending.drain_timeout))
    timer.name = "max-duration"
    start(timer)
    try:
        yield
    finally:
        timer.cancel()


def swept_parts(folder: Path) -> Path:
    """Give the folder for parts, emptied of what a crash left there."""
    parts = folder / FOLDER / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    with translated(parts):
        parts.mkdir(exist_ok=True)
    return parts
