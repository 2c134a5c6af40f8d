"""Our own tool, as its command line is used."""

import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from harness.packages import Absent
from harness.turns import Tool

ENGINES: Mapping[str, Sequence[str]] = {
    "ours-curl": ("--engine", "curl"),
    "ours-curl-x2": ("--engine", "curl", "--processes", "2"),
    "ours-async": ("--engine", "async"),
    "ours-thread": ("--engine", "thread"),
}
"""What is measured, by its name in the tables."""

USAGE = 2
"""The exit status of a command line that ours does not know, and of an engine whose library is missing."""

OWN = (".downloader", "failed.jsonl")
"""What stands in a folder beside the images."""


def ours(downloader: Sequence[str], name: str, *more: str, jobs: int = 64, title: str = "") -> Tool:
    """Give one of our engines at so many jobs without a limit per host, with more options; raises Absent."""
    options = ENGINES[name]
    known(downloader, options)
    fixed = (*options, "--jobs", str(jobs), "--per-host", "0", "--allow-private", "--progress", "none", *more)

    def command(urls: Path, folder: Path) -> Sequence[str]:
        return [*downloader, "get", "-i", str(urls), "-o", str(folder), *fixed]

    return Tool(title or name, command, stored)


def known(downloader: Sequence[str], options: Sequence[str]) -> None:
    """Raise Absent unless ours runs with these options: an engine may be of another version, or lack its library."""
    if said := _refused(tuple(downloader), tuple(options)):
        raise Absent(said)


@lru_cache
def _refused(downloader: tuple[str, ...], options: tuple[str, ...]) -> str:
    """Give why ours refuses to begin; nothing where it begins. Asked for is an address that it never contacts."""
    with tempfile.TemporaryDirectory(prefix="bench-known-") as folder:
        command = [*downloader, "get", "--progress", "none", "-o", folder, *options, "http://127.0.0.1:9/"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return ran.stderr.strip().splitlines()[-1] if ran.returncode == USAGE else ""


def stored(_: Sequence[str], folder: Path) -> Mapping[str, Path]:
    """Give what the manifest calls saved, and under their own path the files that it does not know."""
    with closing(sqlite3.connect(folder / ".downloader" / "manifest.sqlite")) as database:
        rows = database.execute("SELECT url, path FROM images WHERE status = 'saved'").fetchall()
    found = {url: folder / path for url, path in rows}
    images = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] not in OWN)
    return found | {str(path): path for path in set(images) - set(found.values())}
