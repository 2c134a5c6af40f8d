"""Opening our SQLite files, and turning SQLite's errors into ours."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from downloader.errors import OutputError

FOLDER = ".downloader"
"""Our own corner of the output folder."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's and the system's errors about the file at ``path`` as OutputError."""
    try:
        yield
    except PermissionError as error:
        raise OutputError(_refusal(path, Path(error.filename or path))) from error
    except (sqlite3.Error, OSError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"cannot write {str(path)!r}: {said}") from error


def _refusal(path: Path, place: Path) -> str:
    """Say whom the system refused at ``place``, which is ``path`` or above or below it, and what to do."""
    while not os.path.exists(place):  # noqa: PTH110 - false, not an error, where even looking is refused
        place = place.parent
    user, owner, name = os.geteuid(), place.stat().st_uid, str(path)
    if user == owner:
        return f"cannot write {name!r}: no permission for its own user {user}; allow it with chmod u+rwx {str(place)!r}"
    make = "" if os.path.exists(path) else f"mkdir -p {name!r} && "  # noqa: PTH110
    return (
        f"cannot write {name!r}: no permission for user {user}, {str(place)!r} belongs to user {owner}; "
        f"hand it over with {make}chown -R {user} {name!r}, or run as its owner (a container: with --user {owner})"
    )


def connect(path: Path, schema: str, *, synchronous: str) -> sqlite3.Connection:
    """Open a database in WAL mode, with readers welcome while we write, and make its tables."""
    with translated(path):
        # Its one user may change threads (a job started from a running event loop), never overlap.
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {synchronous}")
        database.executescript(schema)
    return database


def key_of(text: str) -> bytes:
    """Give what stands for a text in a table of millions."""
    # 128 bits: among 10 million texts a chance meeting of two has a probability of 10**-25.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def is_damage(error: OutputError) -> bool:
    """Tell a file that is no database any more from a disk that is full or gone."""
    # Of SQLite's errors the plain DatabaseError says "not a database" or "malformed"; the others are its subclasses.
    return type(error.__cause__) is sqlite3.DatabaseError


def remove(path: Path) -> None:
    """Remove a database with its journals."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
