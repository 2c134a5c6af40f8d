"""What was measured, as Markdown for people and as JSON for programs."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness.bars import Bar
from harness.contest import Contest
from harness.figures import Ratio, Spread
from harness.turns import Run


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a Markdown table; all columns but the first are figures."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def rates(contest: Contest) -> str:
    """Give a row a tool, its runs on the course and on a list of one image; below it, the tools without figures."""
    figures = list(next(iter(contest.runs.values()))[0].figures) if contest.runs else []
    head = ["tool", "images", "images/s", "start-up, s", "images/s after it", "CPU, ms an image", "cores in use"]
    head += ["server CPU, ms an image", "largest process, MiB", *figures]
    return with_absent(table(head, [_rate_row(contest, name) for name in contest.runs]), contest)


def with_absent(told: str, contest: Contest) -> str:
    """Add a line for each tool that has no figures."""
    return "\n".join([told, "", *(f"- {name}: {reason}" for name, reason in contest.without.items())]).rstrip("\n")


def _rate_row(contest: Contest, name: str) -> Sequence[str]:
    runs = contest.runs[name]
    after = contest.rates_after(name)
    costs = (
        (Spread.of([1000 * run.usage.cpu / run.images for run in runs]), 2),
        (Spread.of([run.usage.cpu / run.usage.seconds for run in runs]), 2),
        (Spread.of([1000 * run.server / run.images for run in runs]), 2),
        (Spread.of([run.usage.memory / (1 << 20) for run in runs]), 0),
        *((Spread.of([run.figures[figure] for run in runs]), 1) for figure in runs[0].figures),
    )
    start = Spread.of([run.usage.seconds for run in contest.starts[name]])
    told = [f"{runs[0].images:,}", Spread.of(contest.rates(name)).text(), start.text(2)]
    told.append(f"{Spread.of(after).median:,.1f}" if after else "-")
    return [name, *told, *(spread.text(digits) for spread, digits in costs)]


def ratios(contest: Contest, bars: Sequence[Bar], *, held_by_whole: bool = False) -> str:
    """Give a row a bar: our images a second against another's, the start-up taken from both; and from start to end.

    The first holds the bar, or where ``held_by_whole`` the second. Lists of different lengths have no second.
    """
    head = ["ours", "against", "ratio after start-up (95 %)", "ratio of whole runs (95 %)", "bar", "met"]
    return table(head, [_ratio_row(contest, bar, held_by_whole=held_by_whole) for bar in bars])


def _ratio_row(contest: Contest, bar: Bar, *, held_by_whole: bool) -> Sequence[str]:
    if absent := [name for name in (bar.ours, bar.other) if name not in contest.runs]:
        return [bar.ours, bar.other, "-", "-", bar.text(), f"no figure: {', '.join(absent)}"]
    after = _ratio(contest.rates_after(bar.ours), contest.rates_after(bar.other))
    same = contest.runs[bar.ours][0].images == contest.runs[bar.other][0].images
    whole = _ratio(contest.rates(bar.ours), contest.rates(bar.other)) if same else None
    told = [ratio.text() if ratio else "-" for ratio in (after, whole)]
    held = whole if held_by_whole else after
    met = bar.verdict(held.value, held.low, held.high) if held else "no figure: too short a run"
    return [bar.ours, bar.other, *told, bar.text(), met]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio | None:
    return Ratio.of(ours, theirs) if ours and theirs else None


def entries(contest: Contest) -> Mapping[str, Any]:
    """Give every run as it was, for programs."""
    every: list[Run] = [run for own in (*contest.starts.values(), *contest.runs.values()) for run in own]
    return {"runs": [asdict(run) for run in every], "without": contest.without, "commands": contest.commands}


def machine() -> dict[str, Any]:
    """Tell what the figures depend on."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
