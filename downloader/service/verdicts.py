"""What becomes of a job whose process has ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloader.service.process import death
from downloader.service.states import ENDED, State
from downloader.service.store import Record
from downloader.service.weight import TOO_MANY_PIXELS, TOO_MUCH

_STOPPED = {
    TOO_MUCH: "its images are as many bytes as a job may have here",
    TOO_MANY_PIXELS: "its images have as many pixels as a job may work on here",
    "max-duration": "its max-duration was over; resume goes on from there",
    "min-free": "the disk had less room than --min-free asks for; resume goes on from there",
    "terminate": "its process was told to end; resume goes on from there",
}

_HALF = "its failures were asked again; the rest of its list was not yet, resume does that"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: its job, the counts of that, its last word, what was wished, its status, and its log."""

    record: Record
    counts: Mapping[str, Any]
    last: Mapping[str, Any] | None
    wish: State | None
    status: int
    log: Path
    closing: bool  # whether the service itself is ending


def verdict(ending: Ending) -> dict[str, Any] | None:
    """Give what changes of the job, or None where it is to go on in the service's next life."""
    found = _state(ending)
    if found is None:
        return None
    state, reason = found
    changes: dict[str, Any] = {"state": state, "reason": reason}
    if state is State.DONE and ending.record.codes is not None and not _is_whole(ending.counts):
        # Asked again were failures alone, of a list that was left half-way: resume has the rest of it to do.
        changes = {"state": State.CANCELLED, "reason": _HALF, "codes": None}
    return changes | ({"ended": time.time()} if changes["state"] in ENDED else {})


def _state(ending: Ending) -> tuple[State, str | None] | None:
    last = ending.last
    if last and last["event"] == "ended" and last["stopped"] is None:
        return State.DONE, None
    if ending.wish:
        return ending.wish, None
    if last and last["event"] == "error":
        return State.FAILED, str(last["reason"])
    if ending.closing:
        return None
    if last is None:
        return State.FAILED, death(ending.status, ending.log)
    return State.FAILED, _STOPPED.get(last["stopped"], f"it was stopped: {last['stopped']}")


def _is_whole(counts: Mapping[str, Any]) -> bool:
    """Tell whether every line of the list has an outcome."""
    lines = counts.get("lines")
    return lines is not None and sum(counts.get("counts", {}).values()) >= lines
