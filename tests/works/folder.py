"""An output folder as tests of whole jobs use it: run lists into it, look at its rows, lose parts of it."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from downloader import Report, download
from downloader.job import Job, run_job
from downloader.manifest.views import FailedLines, kept, reading
from downloader.settings import Settings
from tests.doors.running import rows, saved
from tests.support.hostile import HostileServer


class Folder:
    """An output folder, and what tests do with it."""

    def __init__(self, server: HostileServer, path: Path) -> None:
        self.server = server
        self.path = path
        self.own = path / ".downloader"
        self.failures = path / "failed.jsonl"

    def get(self, *paths: str, **changes: Any) -> Report:
        """Run a list of paths."""
        return self.get_urls(*map(self.server.url, paths), **changes)

    def get_urls(self, *urls: str, **changes: Any) -> Report:
        """Run a list of URLs, without retries; each line is accounted for."""
        report = download(urls, self.path, allow_private=True, retries=0, **changes)
        assert report.total == report.lines == len(urls)
        return report

    def retry(self, *codes: str) -> Report:
        """Ask the failures of these codes again; none means all."""
        with reading(self.path) as database:
            others = kept(database, frozenset(codes))
        settings = Settings.of(output=str(self.path), allow_private=True, retries=0)
        lines = FailedLines(self.path, frozenset(codes))
        return run_job(Job(lines, settings, ask_again=lambda row: row.status == "failed", kept=others))

    def table(self) -> list[tuple[str, str, str | None]]:
        """Give path, status and file or code of each row, in the order of the indexes, which have no gap."""
        saved(self.path)  # each is whole
        found = rows(self.path)
        assert [row["index"] for row in found] == list(range(len(found)))
        urls = [row["url"].removeprefix(self.server.origin) for row in found]
        return [
            (url, row["status"], row["code"] if row["status"] == "failed" else row["path"])
            for url, row in zip(urls, found, strict=True)
        ]

    def lose_seen(self) -> None:
        """Remove the index of seen URLs, as a power loss may."""
        for file in self.own.glob("seen.sqlite*"):
            file.unlink()


def committed(path: Path) -> set[str]:
    """Give the URLs that have a row, as another process sees them while a run is on."""
    try:
        with closing(
            sqlite3.connect(f"{(path / '.downloader/manifest.sqlite').as_uri()}?mode=ro", uri=True)
        ) as database:
            return {url for (url,) in database.execute("SELECT url FROM images")}
    except sqlite3.OperationalError:
        return set()  # not yet there


def wait_until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Wait until a condition holds; raises AssertionError if it does not."""
    give_up = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < give_up, f"not so within {timeout:g} s"
        time.sleep(0.01)
