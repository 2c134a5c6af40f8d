"""What the terminal shows: the verdict first, then the figures, then what makes them doubtful."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from downloader.comparison.figures import Figures, figures, sweeps
from downloader.comparison.raw import Comparison
from downloader.comparison.statistics import GAIN, Estimate
from downloader.comparison.verdict import verdict, warnings
from downloader.pages.markup import clean
from downloader.pages.units import count_text, digits, seconds_text, share_text, size_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

BAR = 12
"""Characters of the longest bar."""

NONE = "\u2013"
"""What stands where there is no figure."""

SPEEDUP = "\u00d7 sequential"

_EIGHTHS = " ▏▎▍▌▋▊▉"

ROWS: dict[str, Callable[[Figures], str]] = {
    "images/s": lambda one: digits(one.middle("rate")),
    "latency p50": lambda one: seconds_text(one.percentiles[0]),
    "latency p95": lambda one: seconds_text(one.percentiles[1]),
    "latency p99": lambda one: seconds_text(one.percentiles[2]),
    "CPU": lambda one: seconds_text(one.middle("cpu")),
    "waiting": lambda one: share_text(one.waiting),
    "start-up": lambda one: seconds_text(one.middle("startup")),
    "peak memory": lambda one: size_text(one.middle("peak_memory")),
    "threads": lambda one: count_text(one.middle("threads")),
    "context switches": lambda one: count_text(one.middle("voluntary")),
    "  involuntary": lambda one: count_text(one.middle("involuntary")),
}
"""What is told of each engine beside its time: medians over the runs, latencies over all attempts."""


def show(comparison: Comparison, console: "Console | None" = None) -> None:
    """Show a comparison on a console, by default the one of standard output."""
    from rich.console import Console  # loading it costs what a whole small run does
    from rich.text import Text

    console = console or Console()
    found = figures(comparison)
    console.print(Text(clean(verdict(comparison)), style="bold"))
    console.print()
    console.print(_times(found))
    console.print(_details(found))
    for line in _remarks(comparison):
        console.print(Text(clean(line)))
    for line in warnings(comparison):
        console.print(Text(f"warning: {clean(line)}", style="yellow"))


def _times(found: Sequence[Figures]) -> "Table":
    """Lay out the times: an engine a row, a bar as long as its median."""
    longest = max(one.seconds.value for one in found)
    table = _table("engine", "", "time", "95 % interval", SPEEDUP)
    for one in found:
        interval = f"{seconds_text(one.seconds.low)} to {seconds_text(one.seconds.high)}"
        _row(table, one.engine, bar(one.seconds.value / longest), seconds_text(one.seconds.value), interval,
             speedup_text(one.speedup))  # fmt: skip
    return table


def _details(found: Sequence[Figures]) -> "Table":
    """Lay out the rest, turned: an engine a column, so that four of them fit into 80 characters."""
    table = _table("", *(one.engine for one in found))
    for name, write in ROWS.items():
        _row(table, name, *(write(one) for one in found))
    return table


def _table(*heads: str) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(Text(clean(head)), justify="left" if number == 0 or not head else "right", overflow="fold")
    return table


def _row(table: "Table", *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(clean(cell)) for cell in cells))


def bar(share: float, width: int = BAR) -> str:
    """Draw a share of a bar, to an eighth of a character; what is not nothing shows."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def speedup_text(found: Estimate | None) -> str:
    """Write how many times as fast, with its interval."""
    return f"{digits(found.value)} ({digits(found.low)} to {digits(found.high)})" if found else NONE


def server_text(comparison: Comparison) -> str | None:
    """Say what the built-in server did, None for a list of the user's own."""
    if not (server := comparison.server):
        return None
    return (
        f"built-in server: {server['hosts']} hosts, {size_text(server['size'])} an image, "
        f"latency {seconds_text(server['latency'])} ({server['model']}), seed {server['seed']}"
    )


def _remarks(comparison: Comparison) -> Iterator[str]:
    for sweep in sweeps(comparison):
        if sweep.knee is None:
            yield f"sweep: {sweep.engine} still gains at {max(sweep.rates)} jobs"
        else:
            yield f"sweep: {sweep.engine} gains less than {share_text(GAIN)} beyond {sweep.knee} jobs"
    if told := server_text(comparison):
        yield told
