"""Progress on stderr: a bar on a terminal, a plain line now and then elsewhere."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from downloader.cli.summary import size_text
from downloader.model import Committed, Event, Known, ListEnded, Notice, Saved
from downloader.ports import Control

if TYPE_CHECKING:
    from rich.progress import Progress

PLAIN_EVERY = 10.0
"""Seconds between plain lines."""


@contextmanager
def progress(kind: str, control: Control) -> Iterator["Quiet"]:
    """Give an observer that shows progress as "bar", "plain" or "none"; "auto" takes what suits stderr."""
    if kind == "auto":
        kind = "bar" if sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown") else "plain"
    if kind != "bar":
        yield Plain(control) if kind == "plain" else Quiet(control)
        return
    from rich.console import Console

    with _bar(Console(stderr=True)) as shown:
        yield Bar(control, shown)


class Quiet:
    """Counts what happens and shows nothing but notices of the run as a whole."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._told = False
        self._start = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._bytes = 0
        self._known = 0
        self._lines: int | None = None  # once the list has ended

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Committed(outcomes):
                self._counts.update(outcome.status for outcome in outcomes)
                self._counts.subtract(outcome.instead for outcome in outcomes if outcome.instead)
                self._bytes += sum(outcome.image.size for outcome in outcomes if isinstance(outcome, Saved))
                self._tell_of_stopping()
                self._show()
            case Known(count):
                self._known = count
            case ListEnded(lines):
                self._lines = lines
            case Notice(text):
                self._say(text)

    def _show(self) -> None:
        """Show how far it is; called at every beat."""

    def _say(self, text: str) -> None:
        with suppress(OSError):  # nobody reads it
            print(f"downloader: {text}", file=sys.stderr)

    def _tell_of_stopping(self) -> None:
        if self._control.stopping and not self._told:
            self._told = True
            if not self._control.leave_now:
                again = " again" if self._control.reason == "interrupt" else ""
                self._say(f"finishing what runs; Ctrl-C{again} to leave at once")

    @property
    def _done(self) -> int:
        return self._known + self._counts.total()

    def _rates(self) -> tuple[float, float]:
        """Give images and bytes a second, over the whole run."""
        seconds = max(time.monotonic() - self._start, 0.001)
        return self._counts.total() / seconds, self._bytes / seconds


class Plain(Quiet):
    """Prints a line every ten seconds."""

    def __init__(self, control: Control) -> None:
        super().__init__(control)
        self._next = self._start + PLAIN_EVERY

    def _show(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PLAIN_EVERY
        images, rate = self._rates()
        of = f" of {self._lines}" if self._lines is not None else ""
        self._say(
            f"{now - self._start:.0f} s: {self._done}{of} done, {self._counts['failed']} failed, "
            f"{images:.1f} images/s, {size_text(rate)}/s"
        )


class Bar(Quiet):
    """Moves a bar."""

    def __init__(self, control: Control, shown: "Progress") -> None:
        super().__init__(control)
        self._shown = shown
        self._task = shown.add_task("", total=None, images="", rate="", failed="")

    def _show(self) -> None:
        images, rate = self._rates()
        failed = self._counts["failed"]
        self._shown.update(
            self._task, completed=self._done, total=self._lines, images=f"{images:.1f} images/s",
            rate=f"{size_text(rate)}/s", failed=f"{failed} failed" if failed else "",
        )  # fmt: skip

    def _say(self, text: str) -> None:
        self._shown.console.print(f"downloader: {text}", markup=False, highlight=False)


def _bar(console: object) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    assert isinstance(console, Console)  # noqa: S101 - typed as object so that rich is loaded only for a bar
    return Progress(
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[images]}"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("[red]{task.fields[failed]}"),
        TimeRemainingColumn(),
        console=console,
        refresh_per_second=4,
        expand=True,
    )
