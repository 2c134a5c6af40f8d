"""Servers for jobs over several processes: many hosts, answers of all kinds, and a look at who asks."""

import asyncio
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from downloader.manifest.database import FOLDER
from tests.doors.running import LIMIT, MARKS_OF_A_CRASH, Ran, rows
from tests.support import images
from tests.support.storm import Crowd, answer

SHOWN = ("index", "url", "status", "code", "path", "sha256", "attempts")

SIZES = (4000, 9000, 1_200_000)
"""Of images; the last is past what is kept in memory."""


class Mixed(Crowd):
    """Answers by an image's number: mostly a good image of its own, else what is refused, moved or good only later."""

    def __init__(self, hosts: int = 6, latency: float = 0.0) -> None:
        super().__init__("127.0.2", hosts)
        self.latency = latency
        self.asked: Counter[tuple[str, int]] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.starts: defaultdict[str, list[float]] = defaultdict(list)

    async def reply(self, host: str, number: int) -> bytes:
        """Answer after the latency, and note how many are under way."""
        self.asked[host, number] += 1
        self.starts[host].append(time.monotonic())
        self.under_way[host] += 1
        self.most[host] = max(self.most[host], self.under_way[host])
        try:
            await asyncio.sleep(self.latency)
            return self.judged(host, number)
        finally:
            self.under_way[host] -= 1

    def judged(self, host: str, number: int) -> bytes:
        """Give the answer."""
        match number % 25:
            case 3:
                return answer(b"", "404 Not Found")
            case 7:
                return answer(b"", "500 Internal Server Error")
            case 11 if self.asked[host, number] == 1:
                return answer(b"", "503 Service Unavailable")
            case 13:
                return answer(b"", "302 Found", f"Location: /{number + 1_000_001}.jpg")
            case 17:
                return answer(b"<html>no</html>", kind="text/html")
        return answer(self.image(number))

    def image(self, number: int) -> bytes:
        """Give the bytes of a good image."""
        return images.jpeg(SIZES[2] if number % 200 == 50 else SIZES[number % 2], seed=number)

    def urls(self, count: int) -> list[str]:
        """Give a list that goes round the hosts, some of its lines twice."""
        hosts = len(self._addresses)
        urls = [self.url(number % hosts, number) for number in range(count)]
        return [*urls, *urls[: count // 10]]


class Even(Mixed):
    """Answers good images alone."""

    def judged(self, _host: str, number: int) -> bytes:
        """Give the image."""
        return answer(images.jpeg(4000, seed=number))


class Heard:
    """Reads what a process says while it runs: one whose results nobody takes stands still."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._said: dict[str, str] = {}
        streams = {"out": process.stdout, "err": process.stderr}
        self._threads = [threading.Thread(target=self._read, args=each) for each in streams.items()]
        for thread in self._threads:
            thread.start()

    def _read(self, name: str, stream: IO[str]) -> None:
        self._said[name] = stream.read()

    def end(self) -> Ran:
        """Wait for its end; its time over, kill it."""
        try:
            self.process.wait(LIMIT)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        assert not any(mark in self._said["err"] for mark in MARKS_OF_A_CRASH), self._said["err"]
        return Ran(self.process.returncode, self._said["out"], self._said["err"])


def shown(folder: Path) -> list[tuple[Any, ...]]:
    """Give what must be the same however many processes shared a job."""
    return [tuple(row[name] for name in SHOWN) for row in rows(folder)]


def children(pid: int) -> list[int]:
    """Give the processes that a process has started and that live."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    threads = found.parents[1].glob("*/children") if found.exists() else ()
    return sorted(int(child) for thread in threads for child in _read(thread).split() if _lives(int(child)))


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""


def _lives(pid: int) -> bool:
    return _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2][1:2] not in ("", "Z")


def lives(pids: Sequence[int]) -> list[int]:
    """Give those of these processes that live."""
    return [pid for pid in pids if _lives(pid)]


def leftovers(folder: Path) -> Iterator[str]:
    """Give what a run has left in our own corner that none should leave."""
    for path in (folder / FOLDER).rglob("*"):
        if path.name.endswith(".part") or path.name.startswith("parked"):
            yield path.name
