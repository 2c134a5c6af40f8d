"""The states of a job, and which word leads from which to which.

queued ─► running ─► done | failed          running ── cancel ─► draining ─► cancelled
  ▲   pause │  ▲                            done | failed | cancelled ── retry ─► queued
  │         ▼  │ resume, while its process waits
  ├─────── paused
  └── resume ── cancelled | failed
"""

from enum import StrEnum


class State(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset((State.DONE, State.FAILED, State.CANCELLED))

MAY = {
    "pause": frozenset((State.QUEUED, State.RUNNING)),
    "resume": frozenset((State.PAUSED, State.FAILED, State.CANCELLED)),
    "cancel": frozenset((State.QUEUED, State.RUNNING, State.PAUSED)),
    "retry": ENDED,
    "delete": ENDED | {State.QUEUED},
}
"""From which states a word may be said."""
