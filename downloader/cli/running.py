"""Running a job for a person: signals, progress, results, summary and exit status."""

import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any, TypeAlias

from downloader.cli.logs import start_logging
from downloader.cli.manners import Manners
from downloader.cli.progress import progress
from downloader.cli.reports import Reports
from downloader.cli.results import JsonLines
from downloader.cli.summary import print_summary
from downloader.cli.voice import Voice
from downloader.garbage import collect_seldom
from downloader.job import Job, run_job
from downloader.ports import Control, Observer
from downloader.settings import Ending

MOST_DESCRIPTORS = 65536

Handler: TypeAlias = Callable[[int, FrameType | None], Any]


def run(job: Job, manners: Manners, observers: tuple[Observer, ...] = ()) -> int:
    """Run a job and give the exit status of the program."""
    voice = Voice(sys.stderr)
    start_logging(manners.verbose, voice, manners.log_format, manners.log_file)
    _lift_descriptor_limit()
    collect_seldom()
    control = Control()
    ending = job.settings.ending
    results = JsonLines(sys.stdout) if manners.json else None
    reports = Reports(manners.reports, job.settings)
    with ExitStack() as stack:
        stack.enter_context(stoppable(control, ending))
        stack.enter_context(reports.in_any_case())
        shown = stack.enter_context(progress(_shown(manners), control, voice))
        report = run_job(
            replace(job, attempts=False),
            control,
            [*observers, *([results] if results else []), *reports.observers, shown],
        )
    status = reports.write(report, report.exit_status(ending.tolerate))
    if results:
        results.summary(report, status)
    if not manners.quiet:
        print_summary(report, status)
    return status


def _shown(manners: Manners) -> str:
    """Say how progress is shown: results that come to the terminal too would be written over the bar."""
    return "plain" if manners.progress == "auto" and manners.json and sys.stdout.isatty() else manners.progress


def _lift_descriptor_limit() -> None:
    """Take as many descriptors as the system lets a person have; the usual first limit, 1,024, is for select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def stoppable(control: Control, ending: Ending) -> Iterator[None]:
    """Have Ctrl-C, SIGTERM and SIGHUP stop the job through its control."""

    def interrupt(_: int, __: FrameType | None) -> None:
        if control.stopping or ending.on_interrupt == "abandon":
            control.abandon("interrupt")
        else:
            control.drain("interrupt", ending.drain_timeout)

    def draining(reason: str) -> Handler:
        return lambda _number, _frame: control.drain(reason, ending.drain_timeout)

    handlers: dict[signal.Signals, Handler] = {signal.SIGINT: interrupt, signal.SIGTERM: draining("terminate")}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # else nohup says that the run outlives its terminal
        handlers[signal.SIGHUP] = draining("hangup")
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
