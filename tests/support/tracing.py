"""What the Trace Event Format of the Chromium project asks of a trace."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

_NAMES = ("process_name", "thread_name")
_FIELDS = {"name": str, "cat": str, "ph": str, "pid": int, "tid": int}


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
