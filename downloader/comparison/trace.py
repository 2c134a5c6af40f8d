"""A comparison as a Chrome trace: opened by chrome://tracing, Perfetto and speedscope.

The format is the "Trace Event Format" of the Chromium project: a process for each run, a thread for each lane,
complete events ("ph": "X") for attempts and, nested in them, their phases; times in microseconds.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from downloader.comparison.lanes import lay
from downloader.comparison.raw import PHASES, Attempt, Comparison, Run
from downloader.pages.markup import clean
from downloader.pages.writing import write_whole


def trace(comparison: Comparison) -> dict[str, Any]:
    """Give the trace of every run, those of the sweep after the others."""
    runs = [run for part in (comparison.runs, comparison.sweep) for found in part.values() for run in found]
    events = [event for pid, run in enumerate(runs, start=1) for event in _events(run, pid)]
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"command": clean(comparison.command)}}


def write(comparison: Comparison, path: Path) -> None:
    """Write the trace, packed if the name ends in .gz; raises OutputError where it cannot be written."""
    text = json.dumps(trace(comparison), separators=(",", ":"), allow_nan=False).encode()
    write_whole(path, gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def _events(run: Run, pid: int) -> Iterator[dict[str, Any]]:
    told = f"{clean(run.engine)}, round {run.round + 1}, {run.jobs} jobs"
    yield _named("process_name", told, pid, 0)
    for tid, attempts in enumerate(lay(run), start=1):
        yield _named("thread_name", f"slot {tid}", pid, tid)
        for attempt in attempts:
            yield from _attempt(attempt, pid, tid)


def _named(kind: str, name: str, pid: int, tid: int) -> dict[str, Any]:
    return {"name": kind, "cat": "__metadata", "ph": "M", "pid": pid, "tid": tid, "ts": 0, "args": {"name": name}}


def _attempt(attempt: Attempt, pid: int, tid: int) -> Iterator[dict[str, Any]]:
    """Give an attempt and its phases; ends are rounded, not lengths, so that neighbours never overlap."""
    where = {"ph": "X", "pid": pid, "tid": tid}
    told = {"index": attempt.index, "code": attempt.code, "queue": attempt.phases["queue"]}
    name = f"image {attempt.index}" + (f": {clean(attempt.code)}" if attempt.code else "")
    yield {"name": name, "cat": "attempt", **where, **_times(attempt.start, attempt.end), "args": told}
    for key, start, length in attempt.spans():
        yield {"name": PHASES[key], "cat": "phase", **where, **_times(start, min(start + length, attempt.end))}


def _times(start: float, end: float) -> dict[str, int]:
    begin = round(start * 1e6)
    return {"ts": begin, "dur": round(end * 1e6) - begin}
