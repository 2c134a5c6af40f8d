"""The page of a comparison: one HTML file that needs nothing else, not even a script."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from downloader.comparison import charts
from downloader.comparison.figures import Figures, Sweep, figures, sweeps
from downloader.comparison.gantt import LANES, gantt
from downloader.comparison.lanes import lay
from downloader.comparison.raw import PHASES, Comparison
from downloader.comparison.statistics import GAIN, MARGIN
from downloader.comparison.terminal import NONE, ROWS, server_text, speedup_text
from downloader.comparison.verdict import verdict, warnings
from downloader.pages.document import document, figure, section, table, terms
from downloader.pages.markup import Markup, element
from downloader.pages.plot import legend
from downloader.pages.units import digits, seconds_text, share_text, size_text
from downloader.pages.writing import write_whole

LARGEST = 1_000_000
"""Bytes of the file, at most: what can be sent by mail and opens at once."""

CLOSE_UP = 4
"""Where the slowest engine takes so many times as long as the rest, these are drawn once more without it."""

_UNITS: dict[str, Callable[[Any], str]] = {"server latency": seconds_text, "server size": size_text}


def write(comparison: Comparison, path: Path) -> None:
    """Write the page; raises OutputError where it cannot be written."""
    write_whole(path, page(comparison).encode())


def page(comparison: Comparison) -> str:
    """Give the page, under ``LARGEST`` bytes: raw data that does not fit is left out, and the page says so."""
    found = figures(comparison)
    top = [_head(comparison), *_sections(comparison, found), _origin(comparison)]
    taken = len(_page(comparison, top).encode())
    return _page(comparison, [*top, _raw(comparison, found, LARGEST - taken - 2000)])


def _page(comparison: Comparison, body: Sequence[Markup]) -> str:
    style = files("downloader.comparison").joinpath("page.css").read_text("utf-8")
    return document(f"Comparison: {', '.join(comparison.engines)}", body, style)


def _head(comparison: Comparison) -> Markup:
    runs = max(len(found) for found in comparison.runs.values())
    made = f"{comparison.images:,} images, {comparison.jobs} jobs, {runs} runs of each engine"
    doubts = [element("li", f"Warning: {line}.") for line in warnings(comparison)]
    return element(
        "header",
        element("p", "downloader compare", class_="kicker"),
        element("h1", verdict(comparison)),
        element("p", made, class_="made"),
        element("p", server_text(comparison), class_="made") if comparison.server else None,
        element("ul", doubts, class_="doubts") if doubts else None,
    )


def _sections(comparison: Comparison, found: Sequence[Figures]) -> Iterable[Markup]:
    colours = charts.palette([*comparison.engines, *comparison.sweep])
    yield _times(found, colours)
    yield _figures(found)
    yield _latencies(found, colours)
    yield _phases(found)
    yield _courses(found)
    if swept := sweeps(comparison):
        yield _sweep(swept, colours)
    yield _processor(found)


def _times(found: Sequence[Figures], colours: Mapping[str, str]) -> Markup:
    pictures = [figure(charts.times(found, "Time of each engine", colours))]
    quick = [one for one in found if one.seconds.value * CLOSE_UP < max(other.seconds.value for other in found)]
    if quick and len(found) > 2:
        close = charts.times(quick, "Time of the quicker engines", colours)
        pictures.append(figure(close, caption="The quicker ones, close up"))
    rows = [
        (one.engine, seconds_text(one.seconds.value), f"{seconds_text(one.seconds.low)} to "
         f"{seconds_text(one.seconds.high)}", speedup_text(one.speedup),
         ", ".join(seconds_text(run.seconds) for run in one.runs))
        for one in found
    ]  # fmt: skip
    told = (
        "From the first task to the last commit: the bar is the median, the whisker its 95 % interval, a dot each run. "
        "A difference counts if the interval of the ratio of medians excludes 1 "
        f"and the ratio is beyond {share_text(MARGIN)}."
    )
    heads = ("Engine", "Median", "95 % interval", "Times as fast as sequential", "Each run")
    return section("Time", told, pictures, table("Time of each engine", heads, rows))


def _figures(found: Sequence[Figures]) -> Markup:
    rows = [(name.strip().capitalize() if name[0] == " " else name[0].upper() + name[1:],
             *(write(one) for one in found)) for name, write in ROWS.items()]  # fmt: skip
    heads = ("", *(one.engine for one in found))
    told = "Medians over the runs; latencies over all attempts of all runs."
    return section("Figures", told, table("Figures of each engine", heads, rows))


def _latencies(found: Sequence[Figures], colours: Mapping[str, str]) -> Markup:
    rows = [
        (one.engine, f"{len(one.latencies):,}", *map(seconds_text, one.percentiles),
         seconds_text(one.latencies[-1] if one.latencies else 0))
        for one in found
    ]  # fmt: skip
    told = (
        "How long an attempt was at work: the share of all attempts that had ended by then. The scale is logarithmic."
    )
    heads = ("Engine", "Attempts", "p50", "p95", "p99", "Longest")
    keys = legend((f"{colours[one.engine]} line", one.engine) for one in found)
    return section("Latency", told, figure(charts.latencies(found, colours), keys), table("Latencies", heads, rows))


def _phases(found: Sequence[Figures]) -> Markup:
    used = [key for key in PHASES if any(key in one.phases for one in found)]
    rows = [
        (one.engine, *(share_text(one.phases[key]) if key in one.phases else NONE for key in used)) for one in found
    ]
    told = (
        "Where the time of all attempts went. Queue is the wait for a permit; other is what no phase accounts for; "
        "a dash says that the engine cannot tell, or that it took no time."
    )
    picture = figure(charts.phases(found), legend(charts.phase_keys(used)))
    return section("Phases", told, picture, table("Phases", ("Engine", *(PHASES[key] for key in used)), rows))


def _courses(found: Sequence[Figures]) -> Markup:
    pictures, rows, used = [], [], set()
    for one in found:
        lanes = lay(one.shown)
        pictures.append(figure(gantt(one.shown, len(found)), caption=f"{one.engine}, round {one.shown.round + 1}"))
        used |= {key for attempt in one.shown.attempts for key, _, _ in attempt.spans()}
        busy = sum(attempt.seconds for attempt in one.shown.attempts)
        whole = one.shown.seconds * len(lanes)
        rows.append((
            one.engine, f"{len(one.shown.attempts):,}", f"{len(lanes)}", f"{min(len(lanes), LANES)}",
            share_text(busy / whole) if whole else NONE,
            f"{sum(attempt.code is not None for attempt in one.shown.attempts)}",
        ))  # fmt: skip
    told = (
        f"The run in the middle of each engine: a lane is a permit, a colour a phase, a ring a failed attempt. "
        f"At most {LANES} lanes are drawn; where attempts are shorter than a step of the drawing, the colours stand "
        "in proportion. Each picture has its own scale."
    )
    heads = ("Engine", "Attempts", "Lanes", "Drawn", "Lanes in use", "Failed attempts")
    keys = legend(charts.phase_keys(used))
    return section("Who did what when", told, keys, pictures, table("Lanes", heads, rows))


def _sweep(swept: Sequence[Sweep], colours: Mapping[str, str]) -> Markup:
    levels = sorted({level for one in swept for level in one.rates})
    rows = [
        (one.engine, *(digits(one.rates[level]) if level in one.rates else NONE for level in levels),
         f"{one.knee}" if one.knee is not None else "none yet")
        for one in swept
    ]  # fmt: skip
    told = (
        "Images a second, the median of the runs, at each number of jobs. The ring is the knee: "
        f"no higher concurrency brings {share_text(GAIN)} more."
    )
    keys = legend((f"{colours[one.engine]} line", one.engine) for one in swept)
    heads = ("Engine", *(f"{level} jobs" if level > 1 else "1 job" for level in levels), "Knee")
    return section("Concurrency", told, figure(charts.sweep(swept, colours), keys), table("Concurrency", heads, rows))


def _processor(found: Sequence[Figures]) -> Markup:
    rows = [
        (one.engine, seconds_text(one.middle("seconds")), seconds_text(one.middle("cpu")), share_text(one.waiting),
         seconds_text(one.middle("cpu") / max(1, one.middle("saved"))))
        for one in found
    ]  # fmt: skip
    told = "How long the process held a core, and how long it waited. Without waiting left, more jobs bring nothing."
    keys = legend([("busy", "CPU"), ("waited", "waiting")])
    heads = ("Engine", "Time", "CPU", "Waiting", "CPU an image")
    return section("CPU against waiting", told, figure(charts.processor(found), keys), table("CPU", heads, rows))


def _origin(comparison: Comparison) -> Markup:
    told = {**comparison.environment, "server": comparison.server or "a list of the user's own"}
    pairs = [pair for key, value in told.items() for pair in _pairs(key, value)]
    command = element("pre", element("code", comparison.command), tabindex="0")
    return section("Environment", "What ran, and where.", command, terms(pairs))


def _pairs(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        place = f"{key} " if key == "server" else ""
        return [(f"{place}{name}", _UNITS.get(place + name, str)(inner)) for name, inner in value.items()]
    return [(key, str(value))]


def _raw(comparison: Comparison, found: Sequence[Figures], room: int) -> Markup:
    """Put the raw data in: whole, else with the attempts of the drawn runs, else with none, as room is left."""
    drawn = {one.shown.place for one in found}
    choices: tuple[tuple[str, Callable[[tuple[str, int]], bool]], ...] = (
        ("All of it.", lambda _place: True),
        ("With the attempts of the drawn runs alone; --json gives those of all.",
         drawn.__contains__),
        ("Without the attempts, for which there is no room here; --json gives them.", lambda _place: False),
    )  # fmt: skip
    tries = ((told, _embedded(_keeping(comparison.document, keeps))) for told, keeps in choices)
    none = ("There is no room for it here; --json gives it.", "null")
    told, text = next((pair for pair in tries if len(pair[1]) <= room), none)
    data = element("script", Markup(text), type="application/json", id="raw")
    return section("Raw data", f"{told} It stands in this file as JSON, in the element with the id “raw”.", data)


def _keeping(document: Mapping[str, Any], keeps: Callable[[tuple[str, int]], bool]) -> dict[str, Any]:
    """Give the document with the attempts of some runs alone."""

    def kept(part: str) -> list[Mapping[str, Any]]:
        runs = enumerate(document.get(part) or ())
        return [run if keeps((part, place)) else {**run, "attempts": []} for place, run in runs]

    return {**document, "results": kept("results"), "sweep": kept("sweep")}


def _embedded(document: Mapping[str, Any]) -> str:
    """Write JSON that no parser of HTML takes for markup: "<", ">" and "&" stand as escapes, all else as ASCII."""
    rounded = json.loads(json.dumps(document), parse_float=lambda text: round(float(text), 6))
    text = json.dumps(rounded, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
