"""One job, from the list to the report: the one path every door runs."""

import logging
import random
import resource
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from downloader import registry
from downloader.engines.crew import start
from downloader.engines.kit import Kit
from downloader.engines.spool import Spool
from downloader.errors import InputError, OutputError, is_transient
from downloader.feeder import Feeder, Unfinished
from downloader.manifest import Manifest, Row
from downloader.manifest.database import FOLDER, translated
from downloader.measures import host_rule
from downloader.model import Committed, Event, Known, ListEnded, Notice, Outcome, Report, Saved
from downloader.policy.address import Guard
from downloader.policy.host import Rule, Rules
from downloader.policy.pace import Throttle
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import Schedule
from downloader.ports import Control, Observer, Source
from downloader.resolver import Lookup, Resolver
from downloader.settings import Ending, Settings

log = logging.getLogger(__name__)

DESCRIPTORS_OWN = 32
"""Descriptors for ourselves: databases, lists, terminal, the event loop."""


def ask_transient(row: Row) -> bool:
    """Say yes to what another run may mend: the rule of a resumed job."""
    return row.status == "failed" and is_transient(row.code or "")


@dataclass(frozen=True, slots=True)
class Job:
    """What to do: the lines, the settings, and which rows of earlier runs to ask again."""

    source: Source
    settings: Settings
    ask_again: Callable[[Row], bool] = ask_transient
    kept: Sequence[tuple[str, str | None, int]] = ()  # status, code and number of rows that count without being lines
    lookup: Lookup = socket.getaddrinfo  # how names are looked up


def run_job(job: Job, control: Control | None = None, observers: Iterable[Observer] = ()) -> Report:
    """Run a job to its end and give the report.

    Raises UsageError for a bad setting, InputError for a list that cannot be read or holds nothing, OutputError when
    the machine cannot take the images; the manifest is true in each case.
    """
    settings, control = job.settings, control or Control()
    emit = _Emitter(observers)
    folder = Path(settings.output.output)
    tally = _Tally(folder, job.kept)
    with ExitStack() as stack:
        manifest = stack.enter_context(Manifest(folder, fsync=settings.output.fsync))
        parts = _swept(folder)
        stack.enter_context(_time_limit(control, settings.ending))
        kit = _kit(job, Spool(parts, manifest.run), emit, stack)
        engine = registry.part("engine", registry.ENGINES, settings.pace.engine)(kit)
        sink = registry.part("sink", registry.SINKS, "folder")(folder, parts, settings.output)
        manifest.remember("settings", settings.flat())
        log.info("run %d in %s: engine %s, %d jobs", manifest.run, folder, settings.pace.engine, kit.jobs)
        feeder = stack.enter_context(Feeder(job.source, control))
        supply = Unfinished(feeder, manifest, job.ask_again, tally.known)
        rule = RetryRule(settings.retry, random.Random())
        schedule = Schedule(supply, rule, _rules(settings), kit.jobs, settings.pace.look_ahead)
        stack.push(_failures_writer(manifest))
        fetched = stack.enter_context(closing(engine.fetch(schedule, control, emit)))
        for outcomes in manifest.record(sink.store(fetched)):
            tally.add(outcomes)
            emit(Committed(outcomes))
            emit.progress(supply, tally)
        _keep_learnt(schedule.learnt(), manifest)
        feeder.check()
        if not supply.lines and not control.stopping:
            raise InputError("the list holds no URLs: put one on each line")
        if not control.stopping and tally.lines != supply.lines:
            raise RuntimeError(f"{supply.lines} lines went in, {tally.lines} outcomes came out")
    report = replace(tally.report(control.reason, supply.lines), seconds_in_dns=kit.resolver.waited)
    log.info("run ended: %d lines, %d saved, %d failed", report.lines, report.saved, report.failures)
    return report


class _Emitter:
    """Hands events to the observers."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)
        self._known = 0
        self._list_ended = False

    def __call__(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def progress(self, supply: Unfinished, tally: "_Tally") -> None:
        """Tell what is new of the list: how much was known, and that its end was reached."""
        if tally.before != self._known:
            self._known = tally.before
            self(Known(self._known))
        if supply.ended and not self._list_ended:
            self._list_ended = True
            self(ListEnded(supply.lines))


@dataclass(slots=True)
class _Tally:
    """Counts what the report says."""

    folder: Path
    kept: Sequence[tuple[str, str | None, int]] = ()
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    before: int = 0
    lines: int = 0  # that have an outcome, of whichever run
    fetched: int = 0
    bytes: int = 0
    attempts: int = 0
    worked: float = 0.0
    start: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        for status, code, number in self.kept:
            self._count(status, code, number)
            self.before += number

    def known(self, row: Row) -> None:
        """Count a row of an earlier run that is not asked again."""
        self.before += 1
        self.lines += 1
        self._count(row.status, row.code)

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes of this run."""
        self.lines += len(outcomes)
        for outcome in outcomes:
            self._count(outcome.status, outcome.code)
            self.attempts += outcome.effort.attempts
            self.worked += outcome.effort.seconds
            if isinstance(outcome, Saved):
                self.fetched += 1
                self.bytes += outcome.image.size

    def _count(self, status: str, code: str | None, number: int = 1) -> None:
        self.statuses[status] += number
        if status == "failed":
            self.codes[code or ""] += number

    def report(self, stopped: str | None, lines: int) -> Report:
        """Give the report of the job."""
        return Report(
            folder=self.folder,
            saved=self.statuses["saved"],
            skipped=self.statuses["skipped"],
            failed=dict(self.codes.most_common()),
            transient=sum(number for code, number in self.codes.items() if is_transient(code)),
            known=self.before,
            fetched=self.fetched,
            bytes=self.bytes,
            seconds=time.monotonic() - self.start,
            attempts=self.attempts,
            seconds_at_work=self.worked,
            lines=lines,
            stopped=stopped,
        )


def _kit(job: Job, spool: Spool, emit: _Emitter, stack: ExitStack) -> Kit:
    """Make what the engine is made with, within the machine's limits."""
    settings = job.settings
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    limit = soft if soft != resource.RLIM_INFINITY else 1 << 20
    jobs = min(settings.pace.jobs, (limit - DESCRIPTORS_OWN) // 2)  # a connection each, and perhaps a part
    if jobs < 1:
        raise OutputError(f"the limit of open files is {limit}, too low to work with: raise it with ulimit -n 256")
    if jobs < settings.pace.jobs:
        emit(Notice(f"--jobs {jobs} instead of {settings.pace.jobs}: the limit of open files is {limit}"))
    resolver = Resolver(settings.reach, job.lookup)
    stack.callback(resolver.close)
    throttle = Throttle(settings.pace.limit_rate) if settings.pace.limit_rate else None
    guard = Guard.of(settings.reach.allow_private, settings.reach.allow_host)
    return Kit(settings, resolver, guard, spool, jobs, throttle, Lock(), ceiling=limit - DESCRIPTORS_OWN // 2 - jobs)


def _keep_learnt(hosts: dict[str, str], manifest: Manifest) -> None:
    """Log and keep what was learnt of hosts, for status."""
    for name, story in hosts.items():
        log.info("host %s: %s", name, story)
    manifest.remember("hosts", hosts)


@contextmanager
def _time_limit(control: Control, ending: Ending) -> Iterator[None]:
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


def _rules(settings: Settings) -> Rules:
    """Give what holds for hosts."""
    pace, retry = settings.pace, settings.retry
    named = {host: Rule(limit, rate) for host, limit, rate in map(host_rule, pace.host_rule)}
    return Rules(
        Rule(pace.per_host, pace.host_rate), named, pace.rate, probes=max(1, retry.retries), rest=retry.backoff
    )


def _failures_writer(manifest: Manifest) -> Callable[..., None]:
    """Give what writes failed.jsonl at the end of the job, however that came; it hides no error that is on its way."""

    def write(_: object, error: BaseException | None, __: object) -> None:
        try:
            manifest.write_failures()
        except OutputError as second:
            if error is None:
                raise
            log.warning("failed.jsonl was not written: %s", second)

    return write


def _swept(folder: Path) -> Path:
    """Give the folder for parts, emptied of what a crash left there."""
    parts = folder / FOLDER / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    with translated(parts):
        parts.mkdir(exist_ok=True)
    return parts
