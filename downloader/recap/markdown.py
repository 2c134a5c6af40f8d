"""The report in Markdown, with tables as GitHub reads them. What comes from outside stands in spans of code alone.

Within a span of code nothing is markup (CommonMark 0.31, §6.1), but a span ends at a backtick, and a cell of a table
at a bar wherever it stands: for these two, look-alikes are written. The JSON report has them as they are.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from downloader.errors import advice
from downloader.pages.markup import clean
from downloader.recap import words
from downloader.recap.record import Course, Recap

COLUMNS = 60
ROWS = 6
MOST_ROWS = 20
"""Hosts, and stretches of time, in their tables."""

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LOOKALIKES = str.maketrans({"`": "\u02cb", "|": "¦", "\n": " ", "\r": " ", "\t": " "})


def text(recap: Recap) -> str:
    """Write the report."""
    return "\n".join(_lines(recap)) + "\n"


def _lines(recap: Recap) -> Iterator[str]:
    yield f"# {_verdict(recap)}"
    if recap.ending.next:
        yield f"\nNext: {code(recap.ending.next)}"
    yield from _table("The run", ("", ""), words.figures(recap))
    yield from _failures(recap)
    yield "\n## Throughput\n"
    yield from _picture(recap.course.coarser(COLUMNS))
    yield from _rows(words.HEADS_COURSE, words.course_rows(recap.course.coarser(MOST_ROWS)))
    yield from _table("Hosts", words.HEADS_HOSTS, words.host_rows(recap, MOST_ROWS), coded=[0, 5])
    yield from _table("Latency", ("Share of images", "Time at work"), words.latencies(recap))
    yield from _table("Slowest images", words.HEADS_SLOW, words.slow_rows(recap), coded=[0])
    yield from _table("How it was made", ("", ""), words.made(recap), coded=[1])


def _verdict(recap: Recap) -> str:
    return code("; ".join(recap.ending.verdict))


def _failures(recap: Recap) -> Iterator[str]:
    if not recap.causes:
        return
    rows = [(cause.code, f"{cause.count:,}", advice(cause.code), words.address(cause.url), cause.detail)
            for cause in recap.causes]  # fmt: skip
    yield from _table(
        "Failures by cause", ("Code", "Count", "Advice", "For example", "What happened"), rows, coded=[0, 3, 4]
    )


def _table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, coded: Collection[int] = ()
) -> Iterator[str]:
    yield f"\n## {title}"
    yield from _rows(heads, rows, coded=coded)


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]], *, coded: Collection[int] = ()) -> Iterator[str]:
    """Write a table; the cells of the columns ``coded`` may hold what comes from outside."""
    yield f"\n| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        cells = [code(cell) if place in coded else cell for place, cell in enumerate(row)]
        yield f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Write a span of code that what it holds cannot leave, in one line."""
    inner = clean(text).translate(_LOOKALIKES).strip()
    return f"`{inner}`" if inner else ""


def _picture(course: Course) -> Iterator[str]:
    yield "```text"
    yield from _bars("images a second", [found.images / course.width for found in course.bins], ROWS)
    yield from _bars("MB a second", [found.bytes / course.width / 1e6 for found in course.bins], ROWS)
    if any(found.failures for found in course.bins):
        marks = "".join("x" if found.failures else "." for found in course.bins)
        yield f"{'failures':>10} {marks}"
    yield f"{'seconds':>10} 0{course.width * len(course.bins):>{max(len(course.bins) - 1, 1)},.6g}"
    yield "```"


def _bars(title: str, values: Sequence[float], rows: int) -> Iterator[str]:
    """Draw values as columns of eighths of a character, the highest at the top; what is not nothing shows."""
    most = max(values, default=0.0)
    yield title
    for row in reversed(range(rows)):
        eighths = [value / most * rows * 8 - row * 8 if most else 0.0 for value in values]
        drawn = "".join(_EIGHTHS[min(max(round(part), int(row == 0 and part > 0)), 8)] for part in eighths)
        label = f"{most:,.4g}" if row == rows - 1 else "0" if row == 0 else ""
        yield f"{label:>10} {drawn}".rstrip()
    yield ""
