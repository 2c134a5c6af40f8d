"""The report for programs: one JSON object."""

import json
from dataclasses import asdict
from typing import Any

from downloader.errors import advice, is_transient
from downloader.recap.record import Counts, Course, Recap
from downloader.recap.words import address

VERSION = 1
"""Of the format: fields may be added, never taken away or given another meaning."""


def text(recap: Recap) -> str:
    """Write the report; times are seconds, sizes bytes."""
    return json.dumps(_fields(recap), ensure_ascii=False, indent=1) + "\n"


def _fields(recap: Recap) -> dict[str, Any]:
    ending = recap.ending
    return {
        "type": "report",
        "version": VERSION,
        "verdict": list(ending.verdict),
        "exit_status": ending.status,
        "next": ending.next,
        "began": recap.began,
        "seconds": round(recap.seconds, 3),
        "run": _counts(recap.run),
        "list": _counts(ending.whole) if ending.whole else None,
        "known": ending.known,
        "lines": ending.lines,
        "fetched": recap.fetched,
        "bytes": recap.bytes,
        "attempts": recap.attempts,
        "seconds_at_work": round(recap.seconds_at_work, 3),
        "failures": [
            {**asdict(cause), "url": address(cause.url), "transient": is_transient(cause.code),
             "advice": advice(cause.code)}
            for cause in recap.causes
        ],
        "hosts": [asdict(host) for host in recap.hosts],
        "other_hosts": asdict(recap.other_hosts) if recap.other_hosts else None,
        "throughput": _course(recap.course),
        "latency": {f"p{percent}": round(value, 6) for percent, value in recap.percentiles.items()},
        "longest": recap.longest,
        "slowest": [{**asdict(slow), "url": address(slow.url)} for slow in recap.slowest],
        "settings": dict(recap.settings),
        "changed": list(recap.changed),
        "versions": dict(recap.versions),
    }  # fmt: skip


def _counts(counts: Counts) -> dict[str, Any]:
    return {"saved": counts.saved, "skipped": counts.skipped, "failed": dict(counts.failed)}


def _course(course: Course) -> dict[str, Any]:
    return {
        "width": course.width,
        "images": [found.images for found in course.bins],
        "failures": [found.failures for found in course.bins],
        "bytes": [found.bytes for found in course.bins],
    }
