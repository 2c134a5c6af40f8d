"""What measuring the phases costs: the same job with and without, in turn, each run in a process of its own.

    python benchmarks/measuring.py [--engine thread] [--images 3000] [--rounds 15] [--latency 0]

The server answers at once unless told otherwise, so that nothing but work is left: the worst case. Prints the medians
of seconds and of CPU seconds of both kinds, and their ratios with 95 % intervals.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from downloader.comparison.statistics import Estimate, median_of, ratio_of
from downloader.imageserver import ImageServer, Plan
from downloader.job import Job, run_job
from downloader.model import Line
from downloader.settings import Settings

JOBS = 16
HOSTS = 16


def child() -> None:
    """Run one job as ordered on stdin, and tell its seconds and its CPU seconds."""
    orders = json.load(sys.stdin)
    settings = Settings.of(engine=orders["engine"], output=orders["output"], jobs=JOBS, per_host=0, allow_private=True)
    cpu, start = time.process_time(), time.monotonic()
    report = run_job(Job([Line(url) for url in orders["urls"]], settings, measure=orders["measure"]))
    seconds, spent = time.monotonic() - start, time.process_time() - cpu
    if report.saved != len(orders["urls"]):
        raise SystemExit(f"only {report.saved} of {len(orders['urls'])} images were saved: {dict(report.failed)}")
    print(json.dumps([seconds, spent]))


def one(orders: dict[str, object]) -> tuple[float, float]:
    """Run a child."""
    command = [sys.executable, __file__, "--child"]
    ran = subprocess.run(command, input=json.dumps(orders), stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    seconds, spent = json.loads(ran.stdout)
    return seconds, spent


def told(name: str, plain: Sequence[float], measured: Sequence[float]) -> str:
    """Write a line: both medians, and what measuring adds."""
    ratio: Estimate = ratio_of(measured, plain)
    return (
        f"{name:12} {median_of(plain).value:7.3f} s without, {median_of(measured).value:7.3f} s with: "
        f"{100 * (ratio.value - 1):+.1f} % ({100 * (ratio.low - 1):+.1f} to {100 * (ratio.high - 1):+.1f})"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--engine", default="thread")
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    given = parser.parse_args(arguments)
    if given.child:
        child()
        return
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    server = ImageServer(Plan(hosts=HOSTS, latency=given.latency))
    with server, tempfile.TemporaryDirectory(prefix="measuring-") as folder:
        orders = {"engine": given.engine, "urls": list(server.urls(given.images))}
        one(orders | {"measure": True, "output": f"{folder}/warm"})
        for number in range(given.rounds):
            for measure in (False, True) if number % 2 else (True, False):
                output = str(Path(folder) / f"{number}-{measure}")
                found[measure].append(one(orders | {"measure": measure, "output": output}))
    plain, measured = (list(zip(*found[kind], strict=True)) for kind in (False, True))
    print(f"{given.engine}, {given.images} images, {given.rounds} runs of each kind, latency {given.latency:g} s")
    print(told("seconds", plain[0], measured[0]))
    print(told("CPU seconds", plain[1], measured[1]))


if __name__ == "__main__":
    main()
