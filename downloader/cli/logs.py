"""Where log lines go: stderr, and a file that programs can read."""

import json
import logging
import sys
import traceback
from typing import Any

from downloader.cli.voice import Voice
from downloader.errors import UsageError, printable
from downloader.pages.units import moment_text

LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)
"""What is logged to stderr without -v, with it, with -vv. A file gets no less than INFO."""

_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; all else was given with ``extra``."""


class Text(logging.Formatter):
    """One line a record in which nothing moves a cursor; ``timed`` puts the time before it."""

    def __init__(self, *, timed: bool) -> None:
        super().__init__()
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, and of what was raised only what it says."""
        raised = f": {type(error).__name__}: {error}" if (error := _raised(record)) else ""
        time = f"{moment_text(record.created)} " if self._timed else ""
        return printable(f"{time}{record.levelname} {record.name}: {record.getMessage()}{raised}")


class Json(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC, milliseconds), level, logger, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; JSON's escapes hold what would move a cursor."""
        fields = {key: _plain(value) for key, value in vars(record).items() if key not in _OURS}
        if error := _raised(record):
            fields["traceback"] = [printable(line) for line in traceback.format_exception(error)]
        line = {
            "time": moment_text(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": printable(record.getMessage()),
            "fields": fields,
        }
        return json.dumps(line, default=str)


class Spoken(logging.Handler):
    """Logs through a voice, above its bar."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record."""
        self._voice.say(self.format(record))


class File(logging.FileHandler):
    """Appends to a file, line by line; where the disk is full it says so once, and the job goes on."""

    def __init__(self, path: str, voice: Voice) -> None:
        """Open the file; raises UsageError where it cannot be written."""
        try:
            super().__init__(path, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise UsageError(
                f"--log-file cannot be {path!r}: {error.strerror or error}; name a file that can be written"
            ) from error
        self._voice = voice
        self._told = False

    def handleError(self, _: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say once that lines are being lost."""
        if not self._told:
            self._told = True
            self._voice.say(f"downloader: the log {self.baseFilename!r} cannot be written: {sys.exception()}")


def start_logging(verbose: int, voice: Voice, style: str = "text", path: str | None = None) -> None:
    """Log to stderr, and to a file where one is named; raises UsageError where it cannot be written."""
    level = LEVELS[min(verbose, 2)]
    spoken = Spoken(voice)
    spoken.setLevel(level)
    handlers: list[logging.Handler] = [spoken]
    if path:
        handlers.append(File(path, voice))
        handlers[-1].setLevel(min(level, logging.INFO))
    for handler in handlers:
        handler.setFormatter(Json() if style == "json" else Text(timed=handler is not spoken))
    logging.basicConfig(handlers=handlers, level=min(handler.level for handler in handlers))
    for library in ("urllib3", "asyncio", "aiohttp"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # what they warn of is judged and recorded by us


def _plain(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


def _raised(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None
