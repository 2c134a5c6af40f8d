"""Copies of a folder's databases, for who wants to try something without touching them. Works while a run is on."""

import sqlite3
from contextlib import closing
from pathlib import Path

from downloader.errors import OutputError
from downloader.manifest.database import FOLDER, translated

_NAMES = ("manifest.sqlite", "seen.sqlite", "claims.sqlite")


def copy_databases(folder: Path, into: Path) -> None:
    """Copy what there is of an output folder's databases into another folder, which holds none yet.

    Raises OutputError where one cannot be read, or the copy does not fit.
    """
    home = into / FOLDER
    with translated(home):
        home.mkdir(parents=True)
    for name in _NAMES:
        path = folder / FOLDER / name
        if path.is_file():
            _copy(path, home / name)


def _copy(path: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        raise OutputError(f"cannot copy {str(path)!r} to {str(target)!r}: {error}") from error
