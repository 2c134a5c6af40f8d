"""Reading a job's manifest, beside the job's own process that writes it: in a thread, and never for long."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from downloader.errors import OutputError, UsageError
from downloader.manifest.database import FOLDER
from downloader.manifest.views import reading

T = TypeVar("T")


async def read(images: Path, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
    """Ask something of a manifest; gives ``otherwise`` where the job has none yet, raises OutputError for a ruin."""
    return await asyncio.to_thread(look, images, ask, otherwise)


def look(images: Path, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
    """Do the same here and now."""
    if not has_manifest(images):
        return otherwise
    try:
        with reading(images) as database:
            return ask(database)
    except UsageError as error:
        # Just made, it has no tables yet; just deleted, it is not there any more.
        if isinstance(error.__cause__, sqlite3.OperationalError) or not has_manifest(images):
            return otherwise
        raise OutputError(str(error)) from error


def has_manifest(images: Path) -> bool:
    """Tell whether a job has begun its manifest."""
    return (images / FOLDER / "manifest.sqlite").exists()
