"""What was measured, as Markdown for people and as JSON for programs."""

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.figures import Ratio, Spread
from harness.turns import Run


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a Markdown table; all columns but the first are figures."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def rates(runs: Mapping[str, Sequence[Run]], starts: Mapping[str, Sequence[Run]]) -> str:
    """Give a row a tool: its runs on the course by name, and on a list of one image, which is its start-up."""
    head = ["tool", "images/s", "start-up, s", "images/s after it", "CPU, ms an image", "cores in use"]
    head += ["server CPU, ms an image", "largest process, MiB", *_figures(runs)]
    return table(head, [_rate_row(name, own, starts[name]) for name, own in runs.items()])


def _figures(runs: Mapping[str, Sequence[Run]]) -> Sequence[str]:
    return list(next(iter(runs.values()))[0].figures)


def _rate_row(name: str, runs: Sequence[Run], starts: Sequence[Run]) -> Sequence[str]:
    start = Spread.of([run.usage.seconds for run in starts])
    columns = (
        (Spread.of([1000 * run.usage.cpu / run.images for run in runs]), 1),
        (Spread.of([run.usage.cpu / run.usage.seconds for run in runs]), 2),
        (Spread.of([1000 * run.server / run.images for run in runs]), 2),
        (Spread.of([run.usage.memory / (1 << 20) for run in runs]), 0),
        *((Spread.of([run.figures[figure] for run in runs]), 1) for figure in runs[0].figures),
    )
    told = [Spread.of([run.rate for run in runs]).text(), start.text(2), _after(runs, start.median)]
    return [name, *told, *(spread.text(digits) for spread, digits in columns)]


def _after(runs: Sequence[Run], start: float) -> str:
    """Give the rate without the start-up, where the course is long enough to tell."""
    seconds = Spread.of([run.usage.seconds for run in runs]).median - start
    return f"{(runs[0].images - 1) / seconds:,.1f}" if seconds > start / 10 else "-"


def ratios(runs: Mapping[str, Sequence[Run]], against: str, bars: Mapping[str, float]) -> str:
    """Give a row for each tool that has a bar: its images a second against another's."""
    theirs = [run.rate for run in runs[against]]
    told = {name: Ratio.of([run.rate for run in runs[name]], theirs) for name in runs if name in bars}
    rows = [[name, against, ratio.text(), f"{bars[name]:g}"] for name, ratio in told.items()]
    return table(["tool", "against", "images/s, ratio (95 %)", "bar"], rows)


def write(path: Path, runs: Sequence[Run], **about: Any) -> None:
    """Write every run as it was, with the machine and what else is worth knowing."""
    told = {"machine": machine(), **about, "runs": [asdict(run) for run in runs]}
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def machine() -> dict[str, Any]:
    """Tell what the figures depend on."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
