"""The command line as people run it: a process of its own, a clean environment, a time limit on every wait."""

import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 45.0
"""Seconds a process may take."""

MARKS_OF_A_CRASH = ("Traceback", "internal error", "Exception in thread", "Exception ignored")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process left: its status, and what it said."""

    status: int
    out: str
    err: str

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """Give the outcomes that ``--json`` printed."""
        return [line for line in self._lines if line["type"] == "outcome"]

    @property
    def summary(self) -> dict[str, Any]:
        """Give the line that ended ``--json``."""
        last = self._lines[-1]
        assert last["type"] == "summary"
        return last

    @property
    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def arguments(*args: object) -> list[str]:
    """Give the command that runs the program with these arguments."""
    return [sys.executable, "-m", "downloader", *map(str, args)]


def start(
    *args: object, before: Callable[[], None] | None = None, command: Sequence[str] | None = None
) -> subprocess.Popen[str]:
    """Start the program, its stdin a pipe; ``before`` runs in the child first, ``command`` replaces the program."""
    return subprocess.Popen(
        [*command, *map(str, args)] if command else arguments(*args),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(),
        preexec_fn=before,  # noqa: PLW1509 - sets a limit or a user, and no thread of ours holds a lock it needs
    )


def finish(process: subprocess.Popen[str], text: str | None = None, limit: float = LIMIT) -> Ran:
    """Wait for a process; its time over, kill it and fail with what it had said."""
    try:
        out, err = process.communicate(text, timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"not done within {limit:g} s; stderr: {err}") from None
    assert not any(mark in err for mark in MARKS_OF_A_CRASH), err
    return Ran(process.returncode, out, err)


def run(*args: object, text: str | None = None, limit: float = LIMIT, **how: Any) -> Ran:
    """Run the program to its end; ``text`` is its stdin."""
    return finish(start(*args, **how), text, limit)


def get(list_of: Path, folder: Path, *args: object, **how: Any) -> Ran:
    """Run ``downloader get`` on a list, with JSON results."""
    return run(*getting(list_of, folder, *args), **how)


def getting(list_of: Path, folder: Path, *args: object) -> list[object]:
    """Give the arguments of ``downloader get`` for a list on the loopback."""
    return ["get", "-i", list_of, "-o", folder, "--allow-private", "--json", "--progress", "none", *args]


def environment() -> dict[str, str]:
    """Give an environment without anybody's settings, proxies or debugging switches."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": tempfile.gettempdir()}


def limited(kind: int, most: int) -> Callable[[], None]:
    """Make a ``before`` that sets a limit of the system, e.g. ``resource.RLIMIT_NOFILE``, that cannot be lifted."""

    def before() -> None:
        resource.setrlimit(kind, (most, most))

    return before


def write_list(path: Path, urls: Iterable[str]) -> Path:
    """Write a list, a URL a line."""
    path.write_text("".join(f"{url}\n" for url in urls), encoding="utf-8")
    return path


def rows(folder: Path) -> list[dict[str, Any]]:
    """Give the manifest's rows in the order of their indexes; reads a copy, so that a crash stays as it is."""
    with tempfile.TemporaryDirectory() as copy:
        for file in (folder / ".downloader").glob("manifest.sqlite*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, copy)
        if not Path(copy, "manifest.sqlite").exists():
            return []
        database = sqlite3.connect(Path(copy, "manifest.sqlite"))
        try:
            database.row_factory = sqlite3.Row
            tables = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'images'").fetchall()
            found = database.execute('SELECT * FROM images ORDER BY "index"') if tables else ()
            return [dict(row) for row in found]
        finally:
            database.close()


def saved(folder: Path) -> list[dict[str, Any]]:
    """Give the rows that say saved, each checked against its file: whole, and the very bytes."""
    found = [row for row in rows(folder) if row["status"] == "saved"]
    for row in found:
        body = (folder / row["path"]).read_bytes()
        assert len(body) == row["bytes"], row
        assert hashlib.sha256(body).hexdigest() == row["sha256"], row
    return found


def files(folder: Path) -> set[str]:
    """Give the names of all files in a folder but our own corner's and failed.jsonl."""
    paths = {path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()}
    return {path.as_posix() for path in paths if path.parts[0] not in (".downloader", "failed.jsonl")}


def parts(folder: Path) -> list[str]:
    """Give the names of parts that were left."""
    return [path.name for path in (folder / ".downloader").rglob("*.part")]
