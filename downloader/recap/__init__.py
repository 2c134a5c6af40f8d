"""How a run went, told at its end: what --report writes. One writer a suffix, imported only when it is asked for."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from downloader.errors import OutputError, UsageError

if TYPE_CHECKING:
    from downloader.recap.record import Recap

WRITERS = {
    ".html": "downloader.recap.html",
    ".md": "downloader.recap.markdown",
    ".json": "downloader.recap.jsonfile",
}
"""The module that writes files of a suffix, by its ``text(recap)``."""


def check_suffix(path: Path) -> None:
    """Raise UsageError for a file no writer is for."""
    if path.suffix.lower() not in WRITERS:
        raise UsageError(f"--report cannot be {str(path)!r}: end its name in {', '.join(WRITERS)}")


def write(recap: "Recap", path: Path) -> None:
    """Write a report, whole or not at all; raises OutputError where it cannot be written."""
    text = import_module(WRITERS[path.suffix.lower()]).text(recap)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise OutputError(f"the report {str(path)!r} cannot be written: {error.strerror or error}") from error
