"""The pictures of throughput over time."""

from collections.abc import Callable, Sequence

from downloader.pages.markup import Markup, element
from downloader.pages.plot import AXIS, across, picture, up
from downloader.pages.scales import Linear, above
from downloader.pages.units import decimal_text, seconds_on
from downloader.recap.record import Bin, Course

HEIGHT = 170

GAP = 0.12
"""Share of a bar's width that is left free beside it."""


def images_picture(course: Course) -> Markup:
    """Draw images a second as bars, failures upon what was saved."""
    saved = [found.images / course.width for found in course.bins]
    failed = [found.failures / course.width for found in course.bins]
    scale = Linear(above([one + other for one, other in zip(saved, failed, strict=True)]))
    marks = []
    for place, found in enumerate(course.bins):
        words = _words(course, place, found)
        low, high = scale.at(saved[place]), scale.at(saved[place] + failed[place])
        marks += [_bar(course, place, (0.0, low), "e1", words), _bar(course, place, (low, high), "e2", words)]
    told = f"{sum(found.images for found in course.bins):,} saved, at most {max(saved, default=0.0):,.1f} a second"
    return _framed("Images a second over time", told, course, scale, "{:,.6g}".format, marks)


def bytes_picture(course: Course) -> Markup:
    """Draw megabytes a second as bars."""
    rates = [found.bytes / course.width / 1e6 for found in course.bins]
    scale = Linear(above(rates))
    marks = [
        _bar(course, place, (0.0, scale.at(rate)), "e3", _words(course, place, course.bins[place]))
        for place, rate in enumerate(rates)
    ]
    told = f"at most {max(rates, default=0.0):,.2f} MB a second"
    return _framed("Megabytes a second over time", told, course, scale, "{:,.6g}".format, marks)


def _framed(
    title: str, told: str, course: Course, scale: Linear, write: Callable[[float], str], marks: Sequence[Markup]
) -> Markup:
    time = Linear(course.width * max(1, len(course.bins)))
    # The upright axis stands before the bars, or its words could not be read.
    below, before = across(time, HEIGHT, seconds_on(time.most)), up(scale, write, 4, HEIGHT)
    return picture(HEIGHT + AXIS, title, told, below, marks, before)


def _bar(course: Course, place: int, span: tuple[float, float], class_: str, words: str) -> Markup:
    """Draw one bar between two heights, in per cent; nothing where they are the same."""
    low, high = span
    if high <= low:
        return Markup()
    width = 100 / len(course.bins)
    return element(
        "rect", element("title", words), x=f"{place * width:.3f}%", width=f"{width * (1 - GAP):.3f}%",
        y=HEIGHT * (1 - high / 100), height=max(HEIGHT * (high - low) / 100, 1.0), class_=class_,
    )  # fmt: skip


def _words(course: Course, place: int, found: Bin) -> str:
    start = place * course.width
    return f"{start:g} to {start + course.width:g} s: {found.images:,} saved, {found.failures:,} failed, " + (
        decimal_text(found.bytes)
    )
