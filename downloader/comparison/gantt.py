"""Who did what when, in one run: a lane a slot, a colour a phase, in a bounded number of marks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from downloader.comparison.lanes import lay
from downloader.comparison.raw import PHASES, Attempt, Run
from downloader.pages.markup import Markup, element, join
from downloader.pages.plot import AXIS, across, picture
from downloader.pages.scales import Linear
from downloader.pages.units import seconds_on, seconds_text

MARKS = 30_000
"""Marks that all such pictures of a page may have: of a dozen bytes each, a third of a megabyte at most."""

LANES = 32
"""Lanes drawn; the rest is told in words."""

FINEST = 1600
"""Steps of time that a lane is cut into at most: finer ones no screen shows."""

FAULTS = 500
"""Failed attempts that are marked."""

LANE = 11

_IDLE = ""


def gantt(run: Run, pictures: int) -> Markup:
    """Draw a run; ``pictures`` says how many share the marks there may be."""
    lanes = lay(run)[:LANES]
    steps = max(60, min(FINEST, MARKS // max(1, pictures * len(lanes))))
    end = max((attempt.end for attempt in run.attempts), default=0.0) or 1.0
    height = max(1, len(lanes)) * LANE
    strokes = _strokes(lanes, end, steps)
    marks = [element("path", d="".join(parts), class_=f"lane p-{key}") for key, parts in strokes.items()]
    body = element("svg", marks, viewBox=f"0 0 {steps} {height}", preserveAspectRatio="none", width="100%",
                   height=height, class_="plot")  # fmt: skip
    told = f"{len(run.attempts)} attempts in {seconds_text(end)}, at most {len(lanes)} at once"
    axis = across(Linear(end), height, seconds_on(end))
    return picture(height + AXIS, f"Course of a run of {run.engine}", told, axis, body, _faults(lanes, end))


def _strokes(lanes: Sequence[Sequence[Attempt]], end: float, steps: int) -> dict[str, list[str]]:
    """Give the strokes of each phase as parts of a path; together they are far smaller than as many rectangles."""
    strokes: dict[str, list[str]] = {key: [] for key in PHASES if key != "queue"}
    for number, lane in enumerate(lanes):
        y = number * LANE + LANE / 2
        for key, first, length in _runs_of(_steps(lane, steps / end)):
            strokes[key].append(f"M{first} {y:g}h{length}")
    return {key: parts for key, parts in strokes.items() if parts}


def _steps(lane: Sequence[Attempt], rate: float) -> dict[int, str]:
    """Say which phase is drawn for each step of time.

    A phase that loses a step carries its share over to the next (as error diffusion does with grey, R. Floyd and
    L. Steinberg, 1976): where a step is longer than an attempt, the colours still stand in true proportion.
    """
    held: defaultdict[int, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for attempt in lane:
        for key, start, length in attempt.spans():
            for step, share in _cut(start * rate, (start + length) * rate):
                held[step][key] += share
    owed: defaultdict[str, float] = defaultdict(float)
    drawn = {}
    for step in sorted(held):
        owed[_IDLE] += 1 - sum(held[step].values())
        for key, share in held[step].items():
            owed[key] += share
        drawn[step] = max(owed, key=lambda key: owed[key])
        owed[drawn[step]] -= 1
    return {step: key for step, key in drawn.items() if key != _IDLE}


def _cut(start: float, end: float) -> Iterator[tuple[int, float]]:
    """Cut a stretch at whole numbers."""
    step = int(start)
    while step < end:
        yield step, min(end, step + 1) - max(start, step)
        step += 1


def _runs_of(steps: Mapping[int, str]) -> Iterator[tuple[str, int, int]]:
    """Join neighbouring steps of one phase into (phase, first step, how many)."""
    key, first, length = "", 0, 0
    for step in sorted(steps):
        if steps[step] == key and step == first + length:
            length += 1
            continue
        if length:
            yield key, first, length
        key, first, length = steps[step], step, 1
    if length:
        yield key, first, length


def _faults(lanes: Sequence[Sequence[Attempt]], end: float) -> Markup:
    """Mark the ends of attempts that failed."""
    failed = [(number, attempt) for number, lane in enumerate(lanes) for attempt in lane if attempt.code]
    return join([
        element("circle", element("title", f"attempt {attempt.index}: {attempt.code}"),
                cx=f"{100 * attempt.end / end:.2f}%", cy=number * LANE + LANE / 2, r=4, class_="fault")
        for number, attempt in failed[:FAULTS]
    ])  # fmt: skip
