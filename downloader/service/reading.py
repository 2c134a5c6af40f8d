"""Reading a job's manifest, beside the job's own process that writes it: in a thread, and never for long."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from downloader.manifest.database import FOLDER
from downloader.manifest.views import reading

T = TypeVar("T")


async def read(images: Path, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
    """Ask something of a manifest; gives ``otherwise`` where the job has none yet."""
    return await asyncio.to_thread(_read, images, ask, otherwise)


def _read(images: Path, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
    if not (images / FOLDER / "manifest.sqlite").exists():
        return otherwise
    # Just made, it has no tables yet.
    with suppress(sqlite3.OperationalError), reading(images) as database:
        return ask(database)
    return otherwise
