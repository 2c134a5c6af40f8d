"""What a few dead hosts cost: the time to most of the living images, with dead hosts among them and without.

A dead host accepts connections and never answers.
"""

import itertools
import json
import math
import random
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import children, hosts, report
from harness.bars import Bar
from harness.contest import Contest, say
from harness.figures import Ratio, Spread
from harness.ours import ENGINES, known, stored
from harness.packages import Absent
from harness.peers import CLIENTS
from harness.schedule import Latency
from harness.smallfiles import Small, Whole
from harness.stage import Stage, Told
from harness.turns import Unfit, plain

TITLE = "3 % dead hosts: seconds until 95 % of the living images are stored"

ROOM = 4
"""GiB that its runs fill in a whole benchmark: nothing is deleted before the end."""

HOSTS = 250
SHARE = 0.03
ENOUGH = 0.95
"""The share of the living images whose time is taken; the last few measure chance."""

LIMIT = 600.0
"""Seconds a run may take."""

IMAGES = (5_000, 1_500)
"""Lengths of the list in a whole benchmark and in a quick one."""

NAMES = ("ours-curl", "ours-async", "ours-thread")

BARS = {64: 1.2, 16: 1.5}
"""The most that dead hosts may cost, by the number of jobs: fewer places feel each one more."""

HEAD = ("engine", "jobs", "without dead hosts, s", "with, s", "ratio (95 %)", "bar", "met")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is asked: living images, and those of dead hosts that come among them."""

    living: Sequence[str]
    dead: Sequence[str]
    seed: int = 1

    @property
    def enough(self) -> int:
        """Give how many images are waited for."""
        return int(ENOUGH * len(self.living))

    def urls(self, *, with_dead: bool) -> Sequence[str]:
        """Give the list, in an order that the seed decides."""
        urls = [*self.living, *(self.dead if with_dead else ())]
        random.Random(self.seed).shuffle(urls)
        return urls


def bench(stage: Stage) -> Told:
    """Measure each engine at each number of jobs."""
    folder, contest = Small().folder(stage.cache), Contest()
    yard = Yard(stage.room("dead"), Whole.of(folder))
    numbers = [number for number in stage.jobs if number in BARS] or [64]
    seconds: dict[str, dict[bool, list[float]]] = {}
    with standing(folder, stage.length(*IMAGES)) as cast:
        for name, jobs in itertools.product(stage.asked(NAMES), numbers):
            title = f"{name}, {jobs} jobs"
            try:
                known(stage.downloader, ENGINES[name])
                seconds[title] = yard.compare(cast, ENGINES[name][1], jobs, stage.rounds)
            except Absent as absent:
                contest.out(title, f"not here: {absent}")
            except Unfit as unfit:
                contest.out(title, f"no figures: {unfit}")
    rows = [_row(*title.split(", "), found) for title, found in seconds.items()]
    told = report.with_absent(report.table(HEAD, rows), contest)
    return Told(told, {"seconds": seconds, "without": contest.without})


@dataclass(frozen=True, slots=True)
class Yard:
    """Where the runs are, and what their images are held to."""

    folder: Path
    proof: Whole

    def compare(self, cast: Cast, engine: str, jobs: int, rounds: int) -> dict[bool, list[float]]:
        """Give the seconds of all runs by whether dead hosts were among those asked: without-with-with-without.

        So a machine that grows slower by the minute slows both alike. Raises Unfit at the first run that failed.
        """
        seconds: dict[bool, list[float]] = {False: [], True: []}
        for with_dead in itertools.islice(itertools.cycle([False, True, True, False]), 2 * rounds):
            seconds[with_dead].append(self._run(cast, engine, jobs, with_dead=with_dead))
            kind = "with" if with_dead else "without"
            say(f"{engine}, {jobs} jobs, {kind} dead hosts: {seconds[with_dead][-1]:.2f} s")
        return seconds

    def _run(self, cast: Cast, engine: str, jobs: int, *, with_dead: bool) -> float:
        """Fetch the list and give the seconds until enough of the living images were stored."""
        folder = self.folder / f"{sum(1 for _ in self.folder.glob('*.log'))}"
        urls, log = folder.with_suffix(".txt"), folder.with_suffix(".log")
        urls.write_text(plain(cast.urls(with_dead=with_dead), folder), "utf-8")
        command = [sys.executable, str(CLIENTS / "until.py"), urls, folder, engine, jobs, cast.enough]
        usage = children.run([str(word) for word in command], log, LIMIT)
        said = log.read_text("utf-8", "replace")
        if usage.status:
            raise Unfit(f"it ended with status {usage.status}, saying {' '.join(said[-500:].split())!r}")
        found = stored(cast.living, folder)
        if extra := found.keys() - set(cast.living):
            raise Unfit(f"{len(extra)} files were stored that nobody asked for, one of them {min(extra)!r}")
        if len(found) < cast.enough:
            raise Unfit(f"only {len(found)} images of {cast.enough} are in the manifest")
        self.proof(found)
        return float(json.loads(said.splitlines()[-1]))


@contextmanager
def dead_hosts(count: int, port: int) -> Iterator[Sequence[str]]:
    """Give addresses that take connections into their backlog and never say a word."""
    addresses = [hosts.address(number, network=3) for number in range(count)]
    with ExitStack() as stack:
        for address in addresses:
            stack.enter_context(socket.create_server((address, port), backlog=512))
        yield addresses


@contextmanager
def standing(corpus: Path, urls: int) -> Iterator[Cast]:
    """Run the servers, and give who is asked."""
    dead = math.ceil(SHARE * HOSTS)
    with hosts.serving(corpus, Latency(), HOSTS - dead) as living, dead_hosts(dead, living.port) as names:
        silent = [f"http://{names[n % dead]}:{living.port}/{n}.jpg" for n in range(urls * dead // HOSTS)]
        yield Cast([living.url(number) for number in range(urls - len(silent))], silent)


def _row(name: str, jobs: str, seconds: Mapping[bool, Sequence[float]]) -> Sequence[str]:
    ratio = Ratio.of(seconds[True], seconds[False])
    bar = Bar(name, "without", BARS[int(jobs.removesuffix(" jobs"))], at_most=True)
    spreads = [Spread.of(seconds[with_dead]).text(2) for with_dead in (False, True)]
    told = [name, jobs.removesuffix(" jobs"), *spreads, ratio.text()]
    return [*told, bar.text(), bar.verdict(ratio.value, ratio.low, ratio.high)]
