"""HTML and SVG as text in which nothing from outside can break out: what is not markup already is escaped."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

_VOID = {"meta", "link", "br"}

# What XML 1.0 §2.2 leaves out (controls, lone surrogates, non-characters), the C1 controls, and the signs that turn
# the direction of text: none of them has business in a name or a URL, and a terminal would obey some.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


class Markup(str):
    """Text that is markup: made by ``element`` and by nobody else but the page's own fixed parts."""

    __slots__ = ()


def clean(text: str) -> str:
    """Replace what neither a page nor a terminal should be shown."""
    return _FORBIDDEN.sub("\ufffd", text)


def element(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """Write an element; children are escaped unless they are markup, attributes of None are left out.

    ``class_`` writes ``class`` and ``stroke_width`` writes ``stroke-width``.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(value, quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}/>" if name in _VOID else f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Any]) -> Markup:
    """Put children side by side; lists of them are gone into, None is nothing."""
    return Markup("".join(_child(child) for child in children))


def _child(child: Any) -> str:
    if child is None:
        return ""
    if isinstance(child, list | tuple):
        return join(child)
    return child if isinstance(child, Markup) else _text(child, quote=False)


def _text(value: Any, *, quote: bool) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(clean(str(value)), quote=quote)
