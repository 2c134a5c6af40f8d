"""Many hosts that keep their clients waiting: how near our engines come to the greedy schedule of the same waits."""

from collections.abc import Sequence
from functools import partial

from harness import hosts, report
from harness.bars import Bar
from harness.contest import Contest
from harness.figures import Ratio, Spread
from harness.ours import ours
from harness.schedule import Latency, greedy, waits
from harness.smallfiles import Small, Whole
from harness.stage import Stage, Told
from harness.turns import Course

TITLE = "Latency: 250 hosts, lognormal with a median of 100 ms"

ROOM = 4
"""GiB that its runs fill in a whole benchmark: nothing is deleted before the end."""

HOSTS = 250

IMAGES = (5_000, 2_000)
"""Lengths of the list in a whole benchmark and in a quick one; no image comes twice."""

ENGINES = ("ours-curl", "ours-async")

LIMITS = {
    "ours-curl": {64: 1.05, 256: 1.1, 1000: 1.25},
    "ours-async": {64: 1.08, 256: 1.2, 1000: 1.5},
}

BUSY = 0.8
"""Cores from which the server, a single thread, may have been what was measured."""

HEAD = ("engine", "jobs", "ideal, s", "whole run, s", "start-up, s", "ratio after start-up (95 %)", "CPU, s")
HEAD += ("server, cores", "bar", "met")


def bench(stage: Stage) -> Told:
    """Run both engines at each number of jobs, in turn."""
    corpus, latency = Small(), Latency()
    folder = corpus.folder(stage.cache)
    numbers = range(stage.length(*IMAGES))
    runners = {(name, jobs): f"{name}, {jobs} jobs" for name in stage.asked(ENGINES) for jobs in stage.jobs}
    contest, proof = Contest(), Whole.of(folder)
    with hosts.serving(folder, latency, HOSTS) as server:
        course = Course("latency", [server.url(number) for number in numbers], proof)
        start = Course("start-up", [server.url(0, at_once=True)], proof)
        tools = contest.gather(
            (title, partial(ours, stage.downloader, name, jobs=jobs, title=title))
            for (name, jobs), title in runners.items()
        )
        contest.hold(stage.track("latency", server), start, [(tool, course) for tool in tools], stage.rounds)
    ideals = {jobs: greedy(waits(latency, numbers), jobs) for jobs in stage.jobs}
    rows = [_row(contest, name, jobs, ideals[jobs]) for name, jobs in runners]
    data = {**report.entries(contest), "ideal": ideals}
    return Told(report.with_absent(report.table(HEAD, rows), contest), data)


def _row(contest: Contest, name: str, jobs: int, ideal: float) -> Sequence[str]:
    title, bar = f"{name}, {jobs} jobs", Bar(name, "ideal", LIMITS[name].get(jobs), at_most=True)
    if title not in contest.runs:
        return [name, str(jobs), f"{ideal:.2f}", *"-----", bar.text(), "no figure"]
    runs, start = contest.runs[title], contest.start(title)
    after = [run.usage.seconds - start for run in runs]
    ratio = Ratio.of(after, [ideal])
    load = Spread.of([run.server / seconds for run, seconds in zip(runs, after, strict=True)])
    return [
        *(name, str(jobs), f"{ideal:.2f}", Spread.of([run.usage.seconds for run in runs]).text(2), f"{start:.2f}"),
        *(ratio.text(), Spread.of([run.usage.cpu for run in runs]).text(2)),
        f"{load.median:.2f}{', near its limit' if load.median > BUSY else ''}",
        *(bar.text(), bar.verdict(ratio.value, ratio.low, ratio.high)),
    ]
