"""The report as a page: one HTML file that needs nothing else, not even a script."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from downloader.errors import advice, is_transient
from downloader.pages.document import document, figure, section, table, terms
from downloader.pages.markup import Markup, element
from downloader.pages.plot import legend
from downloader.recap import words
from downloader.recap.picture import bytes_picture, images_picture
from downloader.recap.record import Cause, Recap

BARS = 96
"""Bars of a picture at most: on a narrow screen each still has three pixels."""

TABLE_ROWS = 16
HOSTS = 30


def text(recap: Recap) -> str:
    """Write the page."""
    style = files("downloader.recap").joinpath("page.css").read_text("utf-8")
    return document(f"Report: {recap.ending.verdict[0]}", [_head(recap), *_sections(recap)], style)


def _head(recap: Recap) -> Markup:
    first, *more = reversed(recap.ending.verdict)  # how the list stands, and before it perhaps why the run ended
    return element(
        "header",
        element("p", "downloader report", class_="kicker"),
        element("h1", first),
        element("ul", [element("li", line) for line in more], class_="doubts") if more else None,
        _next(recap.ending.next),
    )


def _next(step: str) -> Markup | None:
    if not step:
        return None
    return element("div", element("p", "Next", class_="made"), element("pre", element("code", step), tabindex="0"))


def _sections(recap: Recap) -> Iterator[Markup]:
    yield section("The run", "What this run did, and how the list stands with it.", terms(words.figures(recap)))
    if recap.causes:
        told = "This run's failures, the most frequent cause first."
        yield section("Failures by cause", told, [_cause(cause) for cause in recap.causes])
    yield _throughput(recap)
    yield _table("Hosts", "Those with failures first. The mean is over images and failures, without waits.",
                 words.HEADS_HOSTS, words.host_rows(recap, HOSTS), "hosts")  # fmt: skip
    if recap.percentiles:
        yield _latency(recap)
    yield section("How it was made", "Settings that are not the default, and what ran.", terms(words.made(recap)))


def _cause(cause: Cause) -> Markup:
    again = "worth asking again" if is_transient(cause.code) else "asking again brings the same"
    return element(
        "article",
        element("h3", f"{cause.count:,} {cause.code}", element("span", again, class_="again")),
        element("p", advice(cause.code)),
        element("p", "For example ", element("code", words.address(cause.url)), class_="sample"),
        element("p", cause.detail, class_="sample") if cause.detail else None,
        class_="cause",
    )


def _throughput(recap: Recap) -> Markup:
    course = recap.course.coarser(BARS)
    told = f"When images were fetched, in steps of {course.width:g} s. What failed stands on what was saved."
    keys = legend([("e1", "saved"), ("e2", "failed"), ("e3", "bytes")])
    pictures = [
        figure(images_picture(course), caption="Images a second"),
        figure(bytes_picture(course), keys, caption="Megabytes a second"),
    ]
    rows = words.course_rows(recap.course.coarser(TABLE_ROWS))
    return section("Throughput over time", told, pictures, table("Throughput over time", words.HEADS_COURSE, rows))


def _latency(recap: Recap) -> Markup:
    told = "How long images were at work, attempts summed up, without waits; and those that took longest."
    percentiles = list(words.latencies(recap))
    spread = table("Latency", [name for name, _ in percentiles], [[value for _, value in percentiles]])
    slowest = table("Slowest images", words.HEADS_SLOW, words.slow_rows(recap))
    return section("Latency", told, spread, element("div", slowest, class_="urls"))


def _table(title: str, told: str, heads: Any, rows: Any, class_: str) -> Markup:
    return section(title, told, element("div", table(title, heads, rows), class_=class_))
