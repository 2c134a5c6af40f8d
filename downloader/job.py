"""One job, from the list to the report: the one path every door runs."""

import logging
import random
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from downloader import registry
from downloader.engines.spool import Spool
from downloader.engines.ways import Ways
from downloader.equipment import host_rules, make_kit, swept_parts, time_limit
from downloader.errors import InputError, OutputError, is_transient
from downloader.feeder import Feeder, Unfinished
from downloader.manifest import Manifest, Row
from downloader.manifest.reservations import reservations
from downloader.model import Committed, Notice, Report
from downloader.policy.likeness import Likeness
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import Schedule
from downloader.policy.shares import Shares
from downloader.policy.template import Naming
from downloader.ports import Control, Emit, Observer, Shelf, Sink, Source
from downloader.resolver import Lookup, Resolver
from downloader.room import Room
from downloader.settings import Settings
from downloader.storing import Storing
from downloader.surroundings import Surroundings
from downloader.tally import Emitter, Tally

log = logging.getLogger(__name__)


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
    surroundings: Surroundings = field(default_factory=Surroundings)
    measure: bool = False  # whether outcomes tell where their time went
    watched: bool = False  # whether observers are told how the job stands, hosts included
    shares: Shares | None = None  # of hosts that other jobs ask at the same time


def run_job(job: Job, control: Control | None = None, observers: Iterable[Observer] = ()) -> Report:
    """Run a job to its end and give the report.

    Raises UsageError for a bad setting, InputError for a list that cannot be read or holds nothing, OutputError when
    the machine cannot take the images; the manifest is true in each case.
    """
    control, emit = control or Control(), Emitter(observers)
    folder = Path(job.settings.output.output)
    tally = Tally(folder, job.kept)
    with ExitStack() as stack:
        manifest = stack.enter_context(Manifest(folder, fsync=job.settings.output.fsync, whole=bool(job.kept)))
        stack.enter_context(time_limit(control, job.settings.ending))
        room = Room(folder, job.settings.ending, emit)
        room.look(control)
        line = _assembled(job, manifest, control, tally, emit, stack)
        stack.push(_failures_writer(manifest))
        fetched = stack.enter_context(closing(line.engine.fetch(line.schedule, control, emit)))
        worked_on = line.stage.run(fetched) if line.stage else fetched
        for outcomes in manifest.record(line.sink.store(worked_on)):
            tally.add(outcomes)
            room.look(control)
            emit(Committed(outcomes))
            emit.progress(line.supply, tally)
            if job.watched:
                emit.standing(line.schedule, tally)
        _keep_learnt(line.schedule.learnt(), manifest)
        line.feeder.check()
        if not control.stopping:
            _check_lines(line.supply.lines, tally.lines)
    report = replace(
        tally.report(control.reason, line.supply.lines),
        seconds_in_dns=line.resolver.waited,
        remarks=tuple(filter(None, [Naming.of(job.settings.output).remark(tally.last)])),
    )
    counts = {"lines": report.lines, "saved": report.saved, "failed": report.failures}
    log.info("run ended: %d lines, %d saved, %d failed", *counts.values(), extra=counts)
    return report


@dataclass(frozen=True, slots=True)
class _Line:
    """The parts of one job, in the order in which a URL meets them."""

    feeder: Feeder
    supply: Unfinished
    schedule: Schedule
    resolver: Resolver
    engine: Any  # an Engine; the port lets it know less of a ticket than our schedule does
    stage: Any  # what works on images, or None
    sink: Sink


def _assembled(job: Job, manifest: Manifest, control: Control, tally: Tally, emit: Emitter, stack: ExitStack) -> _Line:
    """Put the parts of a job together."""
    settings = job.settings
    parts = swept_parts(tally.folder)
    ways = Ways.of(settings, job.surroundings, job.lookup)
    stack.callback(ways.resolver.close)
    kit = make_kit(settings, ways, Spool(parts, manifest.run), emit, measure=job.measure)
    name = registry.engine_named(settings.pace.engine)
    engine = registry.part("engine", registry.ENGINES, name)(kit)
    if settings.reach.http2 and name not in registry.HTTP2:
        emit(Notice(f"--http2: the {name} engine speaks HTTP/1.1 alone, --engine curl speaks HTTP/2"))
    make_sink = registry.part("sink", registry.SINKS, "folder")
    folder_sink = make_sink(tally.folder, parts, settings.output, manifest.claims)
    sink = _only_firsts(folder_sink, settings.process.dedupe, manifest, stack)
    stage = _stage(settings, control, emit, stack)
    manifest.remember("settings", settings.without_secrets())
    manifest.remember("withheld", settings.withheld())
    manifest.remember("engine", name)  # the one that ran, where the settings say "auto"
    facts = {"run": manifest.run, "folder": str(tally.folder), "engine": name, "jobs": kit.jobs}
    log.info("run %d in %s: engine %s, %d jobs", *facts.values(), extra=facts)
    feeder = stack.enter_context(Feeder(job.source, control))
    reserve = reservations(settings.output, manifest.claims, tally.folder, emit)
    supply = Unfinished(feeder, manifest, job.ask_again, tally.known, reserve)
    rule = RetryRule(settings.retry, random.Random())
    schedule = Schedule(supply, rule, host_rules(settings), kit.jobs, settings.pace.look_ahead, job.shares)
    return _Line(feeder, supply, schedule, ways.resolver, engine, stage, sink)


def _stage(settings: Settings, control: Control, emit: Emit, stack: ExitStack) -> Any:
    """Open the stage that works on images, where there is work to do; it closes behind the engine that feeds it."""
    if not settings.works_on_images:
        return None
    return stack.enter_context(registry.part("stage", registry.STAGES, "postprocess")(settings, control, emit))


def _only_firsts(sink: Shelf, dedupe: str, manifest: Manifest, stack: ExitStack) -> Sink:
    """Have the sink keep the first of images that are alike, where that is asked; else it works in its own thread."""
    if not dedupe:
        return Storing(sink)
    likeness = Likeness.of(dedupe)
    index = stack.enter_context(closing(manifest.lookalikes(likeness)))
    kept: Sink = registry.part("stage", registry.STAGES, "dedupe")(sink, likeness, index, manifest.recall)
    return kept


def _check_lines(came: int, ended: int) -> None:
    if not came:
        raise InputError("the list holds no URLs: put one on each line")
    if came != ended:
        raise RuntimeError(f"{came} lines went in, {ended} outcomes came out")


def _keep_learnt(hosts: dict[str, str], manifest: Manifest) -> None:
    """Log and keep what was learnt of hosts, for status."""
    for name, story in hosts.items():
        log.info("host %s: %s", name, story, extra={"host": name})
    manifest.remember("hosts", hosts)


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
