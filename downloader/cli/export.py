"""``downloader export``: the manifest as a table for other programs."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO, cast

import click

from downloader.cli.grouped import Command, files, folders
from downloader.cli.options import measure
from downloader.errors import OutputError
from downloader.measures import some_of

STATUSES = ("saved", "failed", "skipped")


@click.command(
    "export",
    cls=Command,
    short_help="Write the manifest of a folder as CSV or JSON lines.",
    epilog="""\b
Examples:
  downloader export images csv -o images.csv
  downloader export images jsonl --status failed | head
  downloader export images jsonl --status failed | downloader get -i - -o elsewhere
""",
)
@click.argument("folder", metavar="DIR", shell_complete=folders)
@click.argument("form", metavar="csv|jsonl", type=click.Choice(["csv", "jsonl"]))
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    shell_complete=files,
    help="Write to a file, whole or not at all; else to stdout.",
)
@click.option("--status", "wanted", metavar="LIST", default=",".join(STATUSES), show_default=True, help="Which rows.")
def command(folder: str, form: str, target: str | None, wanted: str) -> int:
    """Write a row an image, in the order of the list, with all that the manifest knows and the list's own columns.

    Works while a run is on, and shows it as it stood at the beginning. Cells are exactly what was found: one that
    begins with = is a formula to a spreadsheet, so import lists you do not trust as text.
    """
    from downloader.manifest.exports import WRITERS
    from downloader.manifest.views import reading

    statuses = measure("status", some_of(*STATUSES), wanted) or STATUSES
    with reading(Path(folder)) as database, _opened(target) as stream:
        database.execute("BEGIN")  # both passes of a CSV see the same rows
        WRITERS[form](database, statuses, stream)
    return 0


@contextmanager
def _opened(target: str | None) -> Iterator[TextIO]:
    """Open the file, to be put in place at the end, or stdout; raises OutputError where it cannot be written."""
    try:
        yield from _stdout() if target is None else _file(Path(target))
    except OSError as error:
        raise OutputError(f"cannot write {target or 'stdout'!r}: {error.strerror or error}") from error


def _file(path: Path) -> Iterator[TextIO]:
    """Give a file beside its place, put there at the end; whatever ends the writing leaves nothing behind."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _stdout() -> Iterator[TextIO]:
    """Give stdout; who has read enough (``| head``) ends us as it ends any filter, by SIGPIPE."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    stream = cast(TextIOWrapper, sys.stdout)
    stream.reconfigure(encoding="utf-8", newline="")
    yield stream
    stream.flush()
