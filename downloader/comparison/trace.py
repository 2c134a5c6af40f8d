"""A comparison as a Chrome trace: opened by chrome://tracing, Perfetto and speedscope.

The format is the "Trace Event Format" of the Chromium project: a process for each run, a thread for each lane,
complete events ("ph": "X") for attempts and, nested in them, their phases; times in microseconds.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from downloader.comparison.lanes import lay
from downloader.comparison.raw import PHASES, Attempt, Comparison, Run
from downloader.pages.markup import clean

_NAMES = ("process_name", "thread_name")
_FIELDS = {"name": str, "cat": str, "ph": str, "pid": int, "tid": int}


def trace(comparison: Comparison) -> dict[str, Any]:
    """Give the trace of every run, those of the sweep after the others."""
    runs = [run for part in (comparison.runs, comparison.sweep) for found in part.values() for run in found]
    events = [event for pid, run in enumerate(runs, start=1) for event in _events(run, pid)]
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"command": clean(comparison.command)}}


def write(comparison: Comparison, path: Path) -> None:
    """Write the trace, packed if the name ends in .gz; raises OSError where it cannot be written."""
    text = json.dumps(trace(comparison), separators=(",", ":"), allow_nan=False).encode()
    part = path.with_name(path.name + ".part")
    part.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    part.replace(path)


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


def faults(document: Any) -> list[str]:
    """Check a trace against the format's rules and give what breaks them, a line each."""
    if not isinstance(document, Mapping) or not isinstance(document.get("traceEvents"), list):
        return ["the trace is no object with a list of traceEvents"]
    found = []
    lines: defaultdict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    named = set()
    for number, event in enumerate(document["traceEvents"]):
        if wrong := _fault(event):
            found.append(f"event {number}: {wrong}")
        elif event["ph"] == "M":
            named.add((event["name"], event["pid"], event["tid"]))
        else:
            lines[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for (pid, tid), spans in lines.items():
        if ("process_name", pid, 0) not in named or ("thread_name", pid, tid) not in named:
            found.append(f"process {pid}, thread {tid}: it has no name")
        found += [f"process {pid}, thread {tid}: {wrong}" for wrong in _crossing(spans)]
    return found


def _fault(event: Any) -> str | None:
    if not isinstance(event, Mapping):
        return "it is no object"
    for field, kind in _FIELDS.items():
        if not isinstance(event.get(field), kind):
            return f"{field} is {event.get(field)!r}, not of type {kind.__name__}"
    if event["ph"] == "M":
        named = event["name"] in _NAMES and isinstance(event.get("args", {}).get("name"), str)
        return None if named else "its metadata names nothing"
    if event["ph"] != "X":
        return f"its phase is {event['ph']!r}, not 'X' or 'M'"
    times = [event.get("ts"), event.get("dur")]
    sound = all(isinstance(time, int | float) and isfinite(time) and time >= 0 for time in times)
    return None if sound else f"ts and dur are {times!r}, not numbers from 0"


def _crossing(spans: list[tuple[float, float]]) -> Iterator[str]:
    """Find events of a thread that overlap without one holding the other, as the format forbids."""
    open_until: list[float] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        while open_until and open_until[-1] <= start:
            open_until.pop()
        if open_until and end > open_until[-1]:
            yield f"the event at {start} µs overlaps another's end at {open_until[-1]} µs"
        open_until.append(end)
