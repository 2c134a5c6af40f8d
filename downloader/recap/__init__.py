"""How a run went, told at its end: what --report writes. One writer a suffix, imported only when it is asked for."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from downloader.errors import UsageError
from downloader.pages.writing import check_place, write_whole

if TYPE_CHECKING:
    from downloader.recap.record import Recap

WRITERS = {
    ".html": "downloader.recap.html",
    ".md": "downloader.recap.markdown",
    ".json": "downloader.recap.jsonfile",
}
"""The module that writes files of a suffix, by its ``text(recap)``."""


def check(path: Path) -> None:
    """Raise UsageError for a file no writer is for, or that cannot stand where it is to."""
    if path.suffix.lower() not in WRITERS:
        raise UsageError(f"--report cannot be {str(path)!r}: end its name in {', '.join(WRITERS)}")
    check_place("report", path)


def write(recap: "Recap", path: Path) -> None:
    """Write a report, whole or not at all; raises OutputError where it cannot be written."""
    text: str = import_module(WRITERS[path.suffix.lower()]).text(recap)
    write_whole(path, text.encode())
