"""Changing what a manifest says outside of a run: marking what an audit found, and forgetting a whole folder."""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from downloader.errors import UsageError
from downloader.manifest.database import FOLDER, translated
from downloader.manifest.views import Finding, look, reading


def mark(folder: Path, findings: Sequence[Finding]) -> None:
    """Enter findings as failures, so that the next run fetches these images anew; damaged files are set aside."""
    for damaged in {finding.path for finding in findings if finding.code == "damaged"}:  # two URLs may share one
        with translated(folder / damaged):
            os.replace(folder / damaged, folder / f"{damaged}.damaged")  # noqa: PTH105
    path = folder / FOLDER / "manifest.sqlite"
    with translated(path), closing(sqlite3.connect(path, timeout=30)) as database, database:
        database.executemany(
            """UPDATE images SET status = 'failed', code = ?, detail = 'found by an audit', path = NULL
               WHERE "index" = ?""",
            [(finding.code, finding.index) for finding in findings],
        )


def forget(folder: Path, urls: str) -> None:
    """Remove a manifest all of whose URLs are ``LIKE urls``, and its images where they are still what was saved.

    Raises UsageError where it knows any other URL: somebody's own images are never touched.
    """
    if not (folder / FOLDER / "manifest.sqlite").is_file():
        return
    with reading(folder) as database:
        if database.execute("SELECT 1 FROM images WHERE url NOT LIKE ? LIMIT 1", (urls,)).fetchone():
            raise UsageError(f"{str(folder)!r} holds images of another list: run this in another folder")
        saved = database.execute("SELECT \"index\", path, sha256 FROM images WHERE status = 'saved'").fetchall()
    for index, path, sha256 in saved:
        if look(folder, index, path, sha256) is None:
            (folder / path).unlink()
    shutil.rmtree(folder / FOLDER)
