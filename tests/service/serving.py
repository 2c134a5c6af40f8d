"""The service as people run it: a process on the loopback, and a client of it."""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import requests

from downloader.imageserver import ImageServer, Plan
from tests.doors.running import MARKS_OF_A_CRASH, arguments, environment

LIMIT = 40.0
"""Seconds that anything may take to come true."""

ENDED = ("done", "failed", "cancelled")


class Served:
    """A service in a folder; a context manager that leaves no process behind. ``restart`` begins its next life."""

    def __init__(self, data: Path, *flags: object, token: str | None = None) -> None:
        self.data = data
        self.url = ""
        self.printed = ""
        self._flags = flags
        self._token = token
        self._process: subprocess.Popen[str] | None = None
        self._log = data.parent / f"{data.name}.log"
        self.client = requests.Session()
        self.client.trust_env = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(LIMIT)
        if self._process and self._process.stdout:
            self._process.stdout.close()
        assert not any(mark in self.log for mark in MARKS_OF_A_CRASH), self.log

    def start(self) -> None:
        """Start it, and wait for the address that it prints."""
        env = environment() | ({"DOWNLOADER_TOKEN": self._token} if self._token else {})
        args = arguments("serve", "--port", 0, "--data", self.data, "-v", *self._flags)
        with self._log.open("a") as log:
            self._process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        assert self._process.stdout
        self.printed = self._process.stdout.readline()
        found = re.search(r"http://[^/]+", self.printed)
        assert found, self.log
        self.url = found[0]

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        """Kill it as a crash would."""
        assert self._process
        assert self._process.stdout
        self._process.kill()
        self._process.wait(LIMIT)
        self._process.stdout.close()

    def terminate(self) -> tuple[int, float]:
        """End it as a container's engine does; gives the exit status and the seconds it took."""
        assert self._process
        begun = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(LIMIT), time.monotonic() - begun

    def restart(self) -> None:
        """Begin the next life."""
        assert self._process
        assert self._process.stdout
        self._process.stdout.close()
        self.client.close()
        self.start()

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Ask for a path."""
        return self.client.request(method, self.url + path, timeout=LIMIT, **how)

    def get(self, path: str, **how: Any) -> Any:
        """Give the JSON of a path, which must be there."""
        reply = self.ask("GET", path, **how)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def submit(self, urls: Iterable[str], **options: Any) -> str:
        """Submit a list, and give the job's id."""
        named = {name.replace("_", "-"): value for name, value in options.items()}
        reply = self.ask("POST", "/api/v1/jobs", json={"urls": list(urls), "options": named})
        assert reply.status_code == 202, reply.text
        return str(reply.json()["id"])

    def job(self, job: str) -> dict[str, Any]:
        """Look at a job."""
        return dict(self.get(f"/api/v1/jobs/{job}"))

    def say(self, job: str, word: str) -> requests.Response:
        """Say a word to a job."""
        return self.ask("POST", f"/api/v1/jobs/{job}/{word}")

    def until(self, job: str, true: Callable[[dict[str, Any]], bool], limit: float = LIMIT) -> dict[str, Any]:
        """Wait until something is true of a job."""
        give_up = time.monotonic() + limit
        while not true(found := self.job(job)):
            assert time.monotonic() < give_up, found
            time.sleep(0.05)
        return found

    def ended(self, job: str, limit: float = LIMIT) -> dict[str, Any]:
        """Wait until a job has ended."""
        return self.until(job, lambda found: found["status"] in ENDED, limit)

    def children(self) -> list[int]:
        """Give the processes of the jobs that run."""
        return [
            pid
            for pid in map(int, filter(str.isdecimal, (path.name for path in Path("/proc").iterdir())))
            if _parent_is(pid, self.pid)
        ]

    @contextmanager
    def events(self, path: str, **headers: str) -> Iterator[Iterator["Event"]]:
        """Listen to a stream of events."""
        reply = requests.get(self.url + path, stream=True, headers=headers, timeout=LIMIT)
        try:
            assert reply.status_code == 200, reply.text
            yield _parsed(reply)
        finally:
            reply.close()


class Event:
    """One event as it came."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.name = fields.get("event", "")
        self.id = fields.get("id", "")
        self.data = json.loads(fields.get("data", "null"))
        self.at = time.monotonic()


def _parsed(reply: requests.Response) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in reply.iter_lines(chunk_size=1, decode_unicode=True):
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "event" in fields:
            yield Event(fields)
            fields = {}


def _parent_is(pid: int, parent: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return int(stat.rpartition(")")[2].split()[1]) == parent and b"downloader.service.child" in command


def image_urls(server: ImageServer, count: int, first: int = 0) -> list[str]:
    """Give the URLs of images."""
    return [server.url(index) for index in range(first, first + count)]


@contextmanager
def images(**plan: Any) -> Iterator[ImageServer]:
    """Serve images."""
    with ImageServer(Plan(**({"latency": 0.0, "spread": 0.0, "size": 2000} | plan))) as server:
        yield server


def in_parallel(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do something so many times at once."""
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    return results
