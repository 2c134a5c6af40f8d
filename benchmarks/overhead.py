"""What a job spends on each image beside the network: a real job, whose answers come from memory.

    python benchmarks/overhead.py [--images 20000] [--rounds 5] [--output /dev/shm]

Everything is as in any run, list, schedule, judging, hashing, storing and manifest, but that an engine of its own gives
every request the same answer of 20 kB at once. Prints microseconds of CPU an image, user and system apart; each run is
a process of its own. A folder in memory (the default where there is one) leaves the disk's moods out.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from downloader import registry
from downloader.engines.attempt import Account, Attempt, Ended
from downloader.engines.kit import Kit
from downloader.job import Job, run_job
from downloader.model import Failed, Fetched, Line, Worker
from downloader.ports import Control, Emit, Schedule, Ticket
from downloader.settings import Settings

JOBS = 64
BODY = b"\xff\xd8\xff\xe0" + bytes(20_000) + b"\xff\xd9"
HEAD = [
    ("Server", "nginx"),
    ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Content-Type", "image/jpeg"),
    ("Content-Length", str(len(BODY))),
    ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Connection", "keep-alive"),
    ("ETag", '"2ebd0f49-4e26"'),
    ("Accept-Ranges", "bytes"),
]
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


class Answered:
    """An engine to which every request is answered before it is asked."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def fetch(self, schedule: Schedule, _: Control, emit: Emit) -> Iterator[Sequence[Fetched | Failed]]:
        """Take tickets as any engine does, and judge the answer of each."""
        account = Account(schedule, emit)
        while not schedule.exhausted():
            ended: list[Ended | BaseException] = []
            while len(ended) < JOBS and (ticket := schedule.take(time.monotonic())):
                ended.append(self._attempt(ticket))
            yield account.settle_all(ended)
            account.check()
            if not ended:
                time.sleep(0.001)

    def _attempt(self, ticket: Ticket) -> Ended:
        attempt = Attempt(ticket, Worker(f"image-{ticket.task.index}"), self._kit)
        attempt.check_line()
        attempt.hop()
        attempt.exchange.start(200, HEAD)
        attempt.feed(BODY)
        return attempt.fetched(attempt.finish())


def child(images: int, output: str) -> None:
    """Run one job and tell its CPU seconds, of the user and of the system."""
    registry.ENGINES["answered"] = "__main__:Answered"
    chosen = {"engine": "answered", "jobs": JOBS, "per_host": 0, "allow_private": True, "output": output}
    before = resource.getrusage(resource.RUSAGE_SELF)
    report = run_job(Job(_lines(images), Settings.of(**chosen)))  # type: ignore[arg-type]  # goes through them once
    after = resource.getrusage(resource.RUSAGE_SELF)
    if report.saved != images:
        raise SystemExit(f"only {report.saved} of {images} images were saved: {dict(report.failed)}")
    print(json.dumps([after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime]))


def _lines(images: int) -> Iterator[Line]:
    for index in range(images):
        yield Line(f"http://127.0.0.1:8000/images/{index % 5000:05d}.jpg?n={index}", f"urls.txt:{index + 1}")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=MEMORY if os.access(MEMORY, os.W_OK) else None)
    asked = parser.parse_args()
    if asked.child:
        child(asked.images, asked.child)
        return
    found = []
    with tempfile.TemporaryDirectory(prefix="downloader-overhead-", dir=asked.output) as folder:
        for number in range(asked.rounds):
            command = [sys.executable, __file__, "--images", str(asked.images), "--child", f"{folder}/{number}"]
            ran = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
            found.append([1e6 * seconds / asked.images for seconds in json.loads(ran.stdout)])
    for name, values in zip(("user", "system"), zip(*found, strict=True), strict=True):
        print(f"{name:8} {statistics.median(values):6.1f} us an image ({min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main()
