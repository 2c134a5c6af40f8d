"""What becomes of a job whose process has ended."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloader.service.child import TOO_MUCH
from downloader.service.process import death
from downloader.service.states import State

_STOPPED = {
    TOO_MUCH: "its images are as many bytes as a job may have here",
    "max-duration": "its max-duration was over; resume goes on from there",
    "terminate": "its process was told to end; resume goes on from there",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: its last word, what was wished of it, its status, and its log."""

    last: dict[str, Any] | None
    wish: State | None
    status: int
    log: Path
    closing: bool  # whether the service itself is ending


def verdict(ending: Ending) -> tuple[State, str | None] | None:
    """Give the job's new state and the reason for it, or None where it is to go on in the service's next life."""
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
    return State.FAILED, _STOPPED[last["stopped"]]
