"""A job as the API gives it: what is kept of it, and what its process said last."""

from collections.abc import Mapping
from typing import Any

from downloader.service.states import MAY
from downloader.service.store import Record

_NOTHING = {"saved": 0, "skipped": 0, "failed": 0}


def described(record: Record, progress: Mapping[str, Any]) -> dict[str, Any]:
    """Give a job; ``progress`` is empty where it has no process."""
    known = {**record.counts, **progress}
    return {
        "id": record.id,
        "name": record.name,
        "status": record.state.value,
        "reason": record.reason,
        "created": record.created,
        "started": record.started,
        "ended": record.ended,
        "options": dict(record.options),
        "retried": None if record.codes is None else list(record.codes),
        "counts": known.get("counts", _NOTHING),
        "codes": known.get("codes", {}),
        "lines": known.get("lines"),
        "bytes": known.get("bytes", 0),
        "in_flight": progress.get("in_flight", 0),
        "may": sorted(word for word, states in MAY.items() if record.state in states),
    }
