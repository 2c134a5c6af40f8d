"""What pictures are made of, drawn as SVG.

No library serves better: the drawing libraries give pictures that scale as a whole, letters too, so that a telephone
shows them too small to read, and in fixed colours. These stand in per cent of the width they are given, letters keep
their size, and colours are the page's own, by class. Marks that need a path stand in a nested picture that is
stretched (``stretched``), and lines keep their width.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from downloader.pages.markup import Markup, element, join
from downloader.pages.scales import Linear, Logarithmic

AXIS = 26
PLOT = 260
"""Height of the plots with curves."""


def picture(height: float, title: str, told: str, *marks: Any) -> Markup:
    """Frame a picture as wide as its place; ``title`` and ``told`` are for those who do not see it."""
    words = (element("title", title), element("desc", told))
    return element("svg", words, marks, role="img", width="100%", height=height, class_="chart")


def across(scale: Linear | Logarithmic, height: float, write: Callable[[float], str]) -> Markup:
    """Draw the axis below a picture, and its lines up through it."""
    return join([tick(scale.at(value), height, write(value)) for value in scale.ticks()])


def tick(at: float, height: float, words: str) -> Markup:
    """Draw one line of the axis; words at the ends stay inside."""
    anchor = "start" if at < 2 else "end" if at > 98 else "middle"
    x = f"{at:.2f}%"
    return join([
        element("line", x1=x, x2=x, y1=0, y2=height + 4, class_="grid"),
        element("text", words, x=x, y=height + 19, text_anchor=anchor, class_="tick"),
    ])  # fmt: skip


def up(scale: Linear, write: Callable[[float], str], about: int, height: float = PLOT) -> Markup:
    """Draw the lines of an upright axis; their words stand on them, so that no gutter is lost to narrow screens."""
    marks = []
    for value in scale.ticks(about):
        y = height * (1 - scale.at(value) / 100)
        marks.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
        marks.append(element("text", write(value), x="0", y=y - 4, class_="tick") if value else Markup())
    return join(marks)


def curve(points: Sequence[tuple[float, float]], colour: str) -> Markup:
    """Draw a line through points of a stretched picture, 0 to 100 both ways, 0 at the top."""
    path = "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    return element("path", d=f"M{path}", class_=f"curve {colour}") if points else Markup()


def stretched(marks: Any, height: float = PLOT) -> Markup:
    """Frame marks that are placed from 0 to 100 both ways, so that they fill the picture they stand in."""
    return element("svg", marks, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height=height,
                   class_="plot")  # fmt: skip


def legend(keys: Iterable[tuple[str, str]]) -> Markup:
    """Write which colour is what: pairs of a class and its words."""
    return element(
        "ul", [element("li", element("i", class_=class_, aria_hidden="true"), words) for class_, words in keys],
        class_="legend",
    )  # fmt: skip
