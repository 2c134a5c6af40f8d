"""Results for programs: JSON lines on stdout."""

import json
from typing import Any, TextIO

from downloader.errors import OutputError
from downloader.model import Committed, Event, Report, outcome_fields


class JsonLines:
    """An observer that prints each outcome once it is committed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Print the outcomes of a commit."""
        if isinstance(event, Committed) and event.outcomes:
            self._print("".join(_line(outcome_fields(outcome)) for outcome in event.outcomes))

    def summary(self, report: Report, status: int) -> None:
        """Print the last line."""
        self._print(_line(summary_fields(report, status)))

    def _print(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            raise OutputError(f"nobody takes the results on stdout: {error.strerror}") from error


def summary_fields(report: Report, status: int) -> dict[str, Any]:
    """Give a report as the JSON object that ends ``--json``."""
    return {
        "type": "summary",
        "saved": report.saved,
        "skipped": report.skipped,
        "failed": dict(report.failed),
        "transient": report.transient,
        "known": report.known,
        "bytes": report.bytes,
        "seconds": round(report.seconds, 3),
        "stopped": report.stopped,
        "exit_status": status,
    }


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"
