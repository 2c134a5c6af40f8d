"""What a few dead hosts cost: the time to most of the living images, with dead hosts among them and without.

    python benchmarks/dead_hosts.py --engines thread,async --jobs 64,16 --rounds 2

A dead host accepts connections and never answers. Runs alternate, without-with-with-without, so that a machine that
grows slower by the minute slows both alike; each run writes into a folder of its own, and all are deleted at the end.
"""

import argparse
import math
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from downloader.imageserver import ImageServer, Plan
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Saved
from downloader.ports import Control
from downloader.settings import Settings

HOSTS = 250
ENOUGH = 0.95
"""The share of the living images whose time is taken; the last few measure chance."""

BARS = {64: 1.2, 16: 1.5}
"""The most that dead hosts may cost, by the number of jobs."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is asked: living images, and those of dead hosts that come among them."""

    living: Sequence[str]
    dead: Sequence[str]
    seed: int

    def urls(self, *, with_dead: bool) -> Sequence[str]:
        """Give the list, in an order that the seed decides."""
        urls = [*self.living, *(self.dead if with_dead else ())]
        random.Random(self.seed).shuffle(urls)
        return urls


@dataclass(slots=True)
class Stopwatch:
    """An observer that ends the job when enough images are stored, and holds the seconds that it took."""

    enough: int
    control: Control
    begin: float
    seconds: float = 0.0
    stored: int = 0

    def __call__(self, event: Event) -> None:
        """Count what was committed."""
        if not isinstance(event, Committed):
            return
        self.stored += sum(isinstance(outcome, Saved) for outcome in event.outcomes)
        if self.stored >= self.enough and not self.seconds:
            self.seconds = time.monotonic() - self.begin
            self.control.drain("interrupt", 0.0)


def run(cast: Cast, engine: str, jobs: int, folder: Path, *, with_dead: bool) -> float:
    """Fetch the list and give the seconds until enough of the living images were stored."""
    settings = Settings.of(engine=engine, jobs=jobs, timeout=20, allow_private=True, output=folder)
    lines = [Line(url) for url in cast.urls(with_dead=with_dead)]
    control = Control()
    watch = Stopwatch(int(ENOUGH * len(cast.living)), control, time.monotonic())
    run_job(Job(lines, settings), control, [watch])
    if not watch.seconds:
        raise RuntimeError(f"only {watch.stored} images were stored: nothing was measured")
    return watch.seconds


def compare(cast: Cast, engine: str, jobs: int, rounds: int, root: Path) -> tuple[list[float], list[float]]:
    """Give the seconds of all runs without dead hosts and of all with them; a round is two runs of each."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number, with_dead in enumerate([False, True, True, False] * rounds):
        folder = root / f"{engine}-{jobs}-{number}"
        seconds[with_dead].append(run(cast, engine, jobs, folder, with_dead=with_dead))
    return seconds[False], seconds[True]


@contextmanager
def dead_hosts(count: int, port: int) -> Iterator[Sequence[str]]:
    """Give addresses that take connections into their backlog and never say a word."""
    addresses = [f"127.0.1.{number + 1}" for number in range(count)]
    with ExitStack() as stack:
        for address in addresses:
            stack.enter_context(socket.create_server((address, port), backlog=512))
        yield addresses


@contextmanager
def living_hosts(plan: Plan) -> Iterator[ImageServer]:
    """Run the image server in a process of its own, where it takes no turns from engines; gives what knows its URLs."""
    options = ["--port", "0", "--hosts", str(plan.hosts), "--latency", f"{plan.latency}", "--seed", str(plan.seed)]
    command = [sys.executable, "-m", "downloader", "imageserver", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            port = re.search(r"port (\d+)", said)
            if not port:
                raise RuntimeError(f"the image server did not start: {said!r}")
            yield ImageServer(plan, int(port[1]))
        finally:
            process.terminate()


@contextmanager
def stage(urls: int, share: float, seed: int) -> Iterator[Cast]:
    """Run the servers, and give who is asked."""
    dead = max(1, math.ceil(share * HOSTS))
    with ExitStack() as stack:
        server = stack.enter_context(living_hosts(Plan(hosts=HOSTS - dead, latency=0.1, seed=seed)))
        names = stack.enter_context(dead_hosts(dead, server.port))
        silent = [f"http://{names[n % dead]}:{server.port}/{n}.jpg" for n in range(urls * dead // HOSTS)]
        yield Cast(server.urls(urls - len(silent)), silent, seed)


def row(engine: str, jobs: int, without: Sequence[float], with_dead: Sequence[float]) -> str:
    """Give a row of the table."""
    ratio = statistics.median(with_dead) / statistics.median(without)
    bar = f"{BARS[jobs]:g}" if jobs in BARS else ""
    cells = [engine, str(jobs), _spread(without), _spread(with_dead), f"{ratio:.2f}", bar]
    return f"| {' | '.join(cells)} |"


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engines", type=lambda text: text.split(","), default=["thread", "async"], metavar="A,B")
    parser.add_argument("--jobs", type=lambda text: [*map(int, text.split(","))], default=[64, 16], metavar="N,M")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="each is two runs of each kind (default 1)")
    parser.add_argument("--urls", type=int, default=5000, metavar="N", help="length of the list (default 5000)")
    parser.add_argument("--dead", type=float, default=0.03, metavar="SHARE", help="of the hosts (default 0.03)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    return parser.parse_args()


def main() -> None:
    """Measure, and print a Markdown table row by row."""
    chosen = options()
    print("| engine | jobs | without dead hosts, s | with, s | ratio | bar |\n|---|---:|---:|---:|---:|---:|")
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dead-hosts-")))
        cast = stack.enter_context(stage(chosen.urls, chosen.dead, chosen.seed))
        for engine, jobs in product(chosen.engines, chosen.jobs):
            print(row(engine, jobs, *compare(cast, engine, jobs, chosen.rounds, root)), flush=True)


if __name__ == "__main__":
    main()
