"""One run of one engine in a process of its own: orders on stdin, what was measured on stdout, both JSON."""

import hashlib
import json
import resource
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from downloader.garbage import collect_seldom
from downloader.job import Job, run_job
from downloader.model import AttemptEnded, Committed, Event, Line, Phases, Report, Saved
from downloader.settings import Settings
from downloader.surroundings import Surroundings

PHASES = ("queue", "dns", "connect", "first_byte", "body", "check", "write")


class Recorder:
    """An observer that keeps what a comparison wants to know."""

    def __init__(self) -> None:
        self.attempts: list[AttemptEnded] = []
        self.writes: dict[int, float] = {}
        self.stored: list[tuple[str, str]] = []  # URL and path
        self.committed_at = 0.0
        self.cpu_at_start = 0.0
        self.cpu_at_commit = 0.0
        self.threads = 1

    def __call__(self, event: Event) -> None:
        """Take an event; each is a moment to count threads."""
        self.threads = max(self.threads, threading.active_count())
        if isinstance(event, AttemptEnded):
            self.attempts.append(event)
        elif isinstance(event, Committed) and event.outcomes:
            self.committed_at, self.cpu_at_commit = time.monotonic(), time.process_time()
            for outcome in event.outcomes:
                if isinstance(outcome, Saved):
                    self.stored.append((outcome.task.url, outcome.path))
                    self.writes[outcome.task.index] = outcome.effort.phases.write if outcome.effort.phases else 0.0

    @property
    def first_start(self) -> float:
        """When the first attempt began, in monotonic seconds."""
        return min((attempt.phases.start for attempt in self.attempts if attempt.phases), default=0.0)

    def digest(self, folder: Path) -> str:
        """Tell what was stored: equal when the same bytes stand under the same URLs. The files are read again."""
        found = hashlib.sha256()
        for url, path in sorted(self.stored):
            with (folder / path).open("rb") as file:
                found.update(f"{url} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        return found.hexdigest()


class _Urls:
    """The list, as a source; it is read when engine and schedule stand ready, which is when work begins."""

    def __init__(self, urls: Sequence[str], recorder: Recorder) -> None:
        self._urls = urls
        self._recorder = recorder

    def __iter__(self) -> Iterator[Line]:
        self._recorder.cpu_at_start = time.process_time()
        return (Line(url) for url in self._urls)


def run(orders: dict[str, Any], born: float) -> dict[str, Any]:
    """Run the job that is ordered, and give what was measured as the raw data of one result."""
    settings = Settings.of(**orders["settings"])
    surroundings = Surroundings(**orders["surroundings"])
    recorder = Recorder()
    collect_seldom()
    source = _Urls(orders["urls"], recorder)
    report = run_job(Job(source, settings, surroundings=surroundings, measure=True), None, [recorder])
    return _result(settings, recorder, report, born)


def _result(settings: Settings, recorder: Recorder, report: Report, born: float) -> dict[str, Any]:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    start = recorder.first_start
    return {
        "engine": settings.pace.engine,
        "jobs": settings.pace.jobs,
        "seconds": recorder.committed_at - start,
        "startup": start - born,
        "cpu": recorder.cpu_at_commit - recorder.cpu_at_start,
        "saved": report.saved,
        "failed": dict(report.failed),
        "bytes": report.bytes,
        "digest": recorder.digest(Path(settings.output.output)),
        "peak_memory": _peak_memory(spent.ru_maxrss << 10),
        "threads": recorder.threads,
        "voluntary": spent.ru_nvcsw,
        "involuntary": spent.ru_nivcsw,
        "attempts": list(_attempts(recorder, start)),
    }


def _attempts(recorder: Recorder, start: float) -> Iterator[dict[str, Any]]:
    for attempt in sorted(recorder.attempts, key=lambda attempt: attempt.phases.start if attempt.phases else 0.0):
        phases = attempt.phases or Phases(start)
        write = recorder.writes.get(attempt.task.index, 0.0) if attempt.code is None else 0.0
        told = {name: round(getattr(phases, name), 6) for name in PHASES} | {"write": round(write, 6)}
        yield {
            "index": attempt.task.index,
            "start": round(phases.start - start, 9),
            **told,
            "code": attempt.code,
            "seconds": round(attempt.seconds, 9),
        }


def _peak_memory(otherwise: int) -> int:
    """Give the peak of this process: VmHWM where there is one, since getrusage begins with what the parent held."""
    try:
        lines: Sequence[str] = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return otherwise
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), otherwise)


def main() -> None:
    """Take orders, run, and tell; the interpreter's start is counted from the moment that the parent tells."""
    orders = json.load(sys.stdin)
    json.dump(run(orders, orders["born"]), sys.stdout)


if __name__ == "__main__":
    main()
