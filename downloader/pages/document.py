"""The frame of a page, and the parts every page has: sections, figures, tables."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from downloader.pages.markup import Markup, element

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # the file can ask nobody for anything


def document(title: str, body: Sequence[Markup], style: str = "") -> str:
    """Give a whole page; ``style`` is CSS of its own behind that of all pages."""
    shared = files("downloader.pages").joinpath("page.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),  # else a browser asks for one where the page is served
        element("title", title),
        element("style", Markup(shared + style)),
    )
    return "<!doctype html>\n" + element("html", head, element("body", element("main", list(body))), lang="en")


def section(title: str, told: str, *parts: Any) -> Markup:
    """Write a part of the page under its title, with what there is to know before one looks at it."""
    return element("section", element("h2", title), element("p", told, class_="told"), parts)


def figure(*parts: Any, caption: str | None = None) -> Markup:
    """Write a picture with its caption."""
    return element("figure", element("figcaption", caption) if caption else None, parts)


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Markup:
    """Write a table, the first cell of a row its head; it scrolls by itself where it is wider than the screen."""
    head = element("tr", [element("th", text, scope="col") for text in heads])
    body = [
        element("tr", element("th", first, scope="row"), [element("td", cell) for cell in rest])
        for first, *rest in rows
    ]
    inner = element("table", element("thead", head), element("tbody", body), aria_label=title)
    return element("div", inner, class_="wide", role="region", aria_label=title, tabindex="0")


def terms(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Write pairs of a term and what it stands for, as many beside each other as there is room."""
    return element("dl", [element("div", element("dt", key), element("dd", value)) for key, value in pairs])
