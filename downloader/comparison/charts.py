"""The pictures of the page, drawn here as SVG of the parts that all pages share."""

from collections.abc import Iterable, Mapping, Sequence

from downloader.comparison.figures import Figures, Sweep
from downloader.comparison.raw import PHASES, WORK
from downloader.pages.markup import Markup, element, join
from downloader.pages.plot import AXIS, PLOT, across, curve, picture, stretched, tick, up
from downloader.pages.scales import Linear, Logarithmic, above
from downloader.pages.units import seconds_on, seconds_text, share_text

ROW = 46
"""Height of a row of bars: a line of letters, and the bar under it."""

BAR = 16
NAME = 24
"""Characters of an engine's name in a picture."""

NEAR = 7.0
"""Per cent of an axis nearer than which two words would touch on a narrow screen."""

CURVE = 120
"""Points of a cumulative curve; more could not be told apart."""


def times(found: Sequence[Figures], title: str, colours: Mapping[str, str]) -> Markup:
    """Draw a bar to each median, its interval as a whisker, and every run as a dot."""
    scale = Linear(above([run.seconds for one in found for run in one.runs]))
    height = ROW * len(found)
    rows = [_time_row(one, place, scale, colours[one.engine]) for place, one in enumerate(found)]
    told = "; ".join(f"{one.engine} {seconds_text(one.seconds.value)}" for one in found)
    return picture(height + AXIS, title, told, across(scale, height, seconds_on(scale.most)), rows)


def _time_row(one: Figures, place: int, scale: Linear, colour: str) -> Markup:
    top = place * ROW + 22
    middle = top + BAR / 2
    low, high = f"{scale.at(one.seconds.low):.2f}%", f"{scale.at(one.seconds.high):.2f}%"
    dots = [
        element("circle", element("title", f"round {run.round + 1}: {seconds_text(run.seconds)}"),
                cx=f"{scale.at(run.seconds):.2f}%", cy=middle + (-3, 3)[number % 2], r=3.2, class_="dot")
        for number, run in enumerate(one.runs)
    ]  # fmt: skip
    return join([
        _label(one.engine, seconds_text(one.seconds.value), place),
        _bar(0, scale.at(one.seconds.value), top, colour),
        element("line", x1=low, x2=high, y1=middle, y2=middle, class_="whisker"),
        [element("line", x1=x, x2=x, y1=middle - 5, y2=middle + 5, class_="whisker") for x in (low, high)],
        dots,
    ])  # fmt: skip


def palette(engines: Sequence[str]) -> dict[str, str]:
    """Name the colour of each engine, the same in every picture; after eight they begin again."""
    return {engine: f"e{place % 8}" for place, engine in enumerate(dict.fromkeys(engines))}


def phases(found: Sequence[Figures]) -> Markup:
    """Draw how the time of all attempts is shared out among the phases, an engine a bar."""
    rows = []
    for place, one in enumerate(found):
        rows += [_label(one.engine, "", place), _stack(one.phases, place * ROW + 22)]
    height = ROW * len(found)
    told = "; ".join(f"{one.engine}: {_shares(one.phases)}" for one in found)
    return picture(height + AXIS, "Shares of the phases", told, across(Linear(1.0), height, share_text), rows)


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{PHASES[key]} {share_text(share)}" for key, share in shares.items())


def _stack(shares: Mapping[str, float], top: float) -> Markup:
    marks, at = [], 0.0
    for key, share in shares.items():
        told = element("title", f"{PHASES[key]}: {share_text(share)}")
        marks.append(_bar(at, 100 * share, top, f"p-{key} piece", told))
        if share >= 0.09:  # narrower pieces have no room for letters
            marks.append(element("text", share_text(share), x=f"{at + 50 * share:.2f}%", y=top + 12,
                                 class_=f"inside on-{key}"))  # fmt: skip
        at += 100 * share
    return join(marks)


def processor(found: Sequence[Figures]) -> Markup:
    """Draw how much of each engine's time the process held a core, and how much it waited."""
    scale = Linear(above([max(one.middle("seconds"), one.middle("cpu")) for one in found]))
    rows = []
    for place, one in enumerate(found):
        busy, top = one.middle("cpu"), place * ROW + 22
        waited = max(0.0, one.middle("seconds") - busy)
        rows += [
            _label(one.engine, f"{share_text(one.waiting)} waiting", place),
            _bar(0, scale.at(busy), top, "busy piece", element("title", f"CPU {seconds_text(busy)}")),
            _bar(scale.at(busy), scale.at(waited), top, "waited piece",
                 element("title", f"waiting {seconds_text(waited)}")),
        ]  # fmt: skip
    height = ROW * len(found)
    told = "; ".join(f"{one.engine} waits {share_text(one.waiting)} of its time" for one in found)
    return picture(height + AXIS, "CPU against waiting", told, across(scale, height, seconds_on(scale.most)), rows)


def latencies(found: Sequence[Figures], colours: Mapping[str, str]) -> Markup:
    """Draw which share of the attempts had ended after how long, an engine a curve."""
    seen = [one for one in found if one.latencies]
    positive = [value for one in seen for value in one.latencies if value > 0] or [1e-3, 1.0]
    scale = Logarithmic(min(positive) * 0.9, max(positive) * 1.1)
    curves = []
    for one in found:
        last = len(one.latencies) - 1
        picked = sorted({round(last * step / CURVE) for step in range(CURVE + 1)}) if last >= 0 else []
        points = [(scale.at(one.latencies[at]), 100 * (1 - (at + 1) / (last + 1))) for at in picked]
        curves.append(curve(points, colours[one.engine]))
    told = "; ".join(f"{one.engine}: half within {seconds_text(one.percentiles[0])}" for one in seen)
    return picture(
        PLOT + AXIS,
        "Latency of the attempts, cumulative",
        told,
        up(Linear(1.0), share_text, 5),
        across(scale, PLOT, lambda value: seconds_on(value)(value)),
        stretched(curves),
    )


def sweep(found: Sequence[Sweep], colours: Mapping[str, str]) -> Markup:
    """Draw the throughput over the concurrency, an engine a line, every run a dot, the knee a ring."""
    levels = sorted({level for one in found for level in one.rates})
    along = Logarithmic(levels[0] * 0.85, levels[-1] * 1.15)
    high = Linear(above([rate for one in found for _, rate in one.dots]))
    lines, marks = [], []
    for one in found:
        colour = colours[one.engine]
        lines.append(curve([(along.at(level), 100 - high.at(rate)) for level, rate in one.rates.items()], colour))
        marks += [_dot(along.at(level), high.at(rate), 2.6, f"{colour} run") for level, rate in one.dots]
        if one.knee is not None:
            marks.append(_dot(along.at(one.knee), high.at(one.rates[one.knee]), 7, f"{colour} knee"))
    told = "; ".join(f"{one.engine}: {knee_text(one)}" for one in found)
    spoken = [level for level, next_one in zip(levels, [*levels[1:], None], strict=True)
              if next_one is None or along.at(next_one) - along.at(level) >= NEAR]  # fmt: skip
    axis = [tick(along.at(level), PLOT, f"{level}" if level in spoken else "") for level in levels]
    return picture(
        PLOT + AXIS,
        "Throughput over concurrency",
        told,
        up(high, "{:,.6g}".format, 5),
        axis,
        stretched(lines),
        marks,
    )


def knee_text(one: Sweep) -> str:
    """Say where the knee of a sweep is."""
    return f"knee at {one.knee}" if one.knee is not None else "still rising at the end"


def _dot(across: float, up: float, radius: float, class_: str) -> Markup:
    return element("circle", cx=f"{across:.2f}%", cy=PLOT * (1 - up / 100), r=radius, class_=class_)


def phase_keys(used: Iterable[str]) -> list[tuple[str, str]]:
    """Give the pairs of a legend for phases, in their order."""
    present = set(used)
    return [(f"p-{key}", words) for key, words in PHASES.items() if key in present or key in WORK]


def short(name: str) -> str:
    """Cut a name to what a narrow picture has room for; the table under it gives it whole."""
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _label(name: str, value: str, place: int) -> Markup:
    """Write a row's name at its left and its figure at its right, above the bar."""
    y = place * ROW + 16
    return join([
        element("text", short(name), x="0", y=y, class_="name"),
        element("text", value, x="100%", y=y, class_="value"),
    ])  # fmt: skip


def _bar(x: float, width: float, y: float, class_: str, *told: Markup) -> Markup:
    return element("rect", told, x=f"{x:.2f}%", width=f"{width:.2f}%", y=y, height=BAR, class_=class_)
