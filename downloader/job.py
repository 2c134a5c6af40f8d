"""One job, from the list to the report: the one path every door runs."""

import logging
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from downloader import registry
from downloader.cores import cores
from downloader.equipment import swept_parts, time_limit
from downloader.errors import InputError, OutputError, is_transient
from downloader.feeder import Feeder, Unfinished
from downloader.here import Orders, Site
from downloader.manifest import Manifest, Row
from downloader.manifest.reservations import reservations
from downloader.model import Committed, Notice, Report
from downloader.policy.division import processes
from downloader.policy.likeness import Likeness
from downloader.policy.shares import Shares
from downloader.policy.supply import Supply
from downloader.policy.template import Naming
from downloader.ports import Control, Launcher, Observer, Shelf, Sink, Source
from downloader.resolver import Lookup
from downloader.room import Room
from downloader.settings import Settings
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
    attempts: bool = True  # whether observers are told of every attempt
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
        launcher = _launcher(job, manifest, control, emit, stack)
        feeder = stack.enter_context(Feeder(job.source, control))
        reserve = reservations(job.settings.output, manifest.claims, folder, emit)
        supply = Unfinished(feeder, manifest, job.ask_again, tally.known, reserve)
        stack.push(_failures_writer(manifest))
        ended = stack.enter_context(closing(launcher.run(supply)))
        for outcomes in manifest.record(ended):
            tally.add(outcomes)
            room.look(control)
            emit(Committed(outcomes))
            emit.progress(supply, tally)
            if job.watched:
                emit.standing(launcher.look, tally)
        _keep_learnt(launcher.learnt(), manifest)
        feeder.check()
        if not control.stopping:
            _check_lines(supply.lines, tally.lines)
    report = replace(
        tally.report(control.reason, supply.lines),
        seconds_in_dns=launcher.waited,
        remarks=tuple(filter(None, [Naming.of(job.settings.output).remark(tally.last)])),
    )
    counts = {"lines": report.lines, "saved": report.saved, "failed": report.failures}
    log.info("run ended: %d lines, %d saved, %d failed", *counts.values(), extra=counts)
    return report


def _launcher(job: Job, manifest: Manifest, control: Control, emit: Emitter, stack: ExitStack) -> Launcher[Supply]:
    """Open who does the work: this process, or several that share it."""
    settings, folder = job.settings, Path(job.settings.output.output)
    # A job that shares hosts with others is one of a service's, which has a process for each job.
    among, remark = processes(settings, cores()) if job.shares is None else (1, "")
    if remark:
        emit(Notice(remark))
    parts = swept_parts(folder)
    told = {"measure": job.measure, "attempts": job.attempts, "watched": job.watched}
    orders = Orders(
        settings, job.surroundings, job.lookup, **told, run=manifest.run, folder=folder, parts=parts, among=among
    )
    site = Site(control, emit, manifest.claims, job.shares, _choice(settings.process.dedupe, manifest, stack))
    launch = registry.part("launcher", registry.LAUNCHERS, "local" if among > 1 else "here")
    launcher: Launcher[Supply] = stack.enter_context(launch(orders, site))
    manifest.remember("settings", settings.without_secrets())
    manifest.remember("withheld", settings.withheld())
    engine = registry.engine_named(settings.pace.engine)
    if settings.reach.http2 and engine not in registry.HTTP2:
        emit(Notice(f"--http2: the {engine} engine speaks HTTP/1.1 alone, --engine curl speaks HTTP/2"))
    manifest.remember("engine", engine)  # the one that ran, where the settings say "auto"
    facts = {"run": manifest.run, "folder": str(folder), "engine": engine, "jobs": settings.pace.jobs}
    facts["processes"] = among
    log.info("run %d in %s: engine %s, %d jobs, %d processes", *facts.values(), extra=facts)
    return launcher


def _choice(dedupe: str, manifest: Manifest, stack: ExitStack) -> Callable[[Shelf], Sink]:
    """Give what has the sink keep the first of images that are alike, where that is asked."""

    def only_firsts(shelf: Shelf) -> Sink:
        likeness = Likeness.of(dedupe)
        index = stack.enter_context(closing(manifest.lookalikes(likeness)))
        kept: Sink = registry.part("stage", registry.STAGES, "dedupe")(shelf, likeness, index, manifest.recall)
        return kept

    return only_firsts if dedupe else lambda shelf: shelf


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
