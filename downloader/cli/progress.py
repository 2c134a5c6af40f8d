"""Progress on stderr: a bar on a terminal, a plain line now and then elsewhere."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from downloader.cli.bar import Standing, bar_line
from downloader.cli.voice import Voice
from downloader.model import Committed, Event, Known, ListEnded, Notice, Saved
from downloader.pages.units import decimal_text
from downloader.ports import Control

PLAIN_EVERY = 10.0
"""Seconds between plain lines."""

RED, PLAIN = "\x1b[31m", "\x1b[0m"


@contextmanager
def progress(kind: str, control: Control, voice: Voice) -> Iterator["Quiet"]:
    """Give an observer that shows progress as "bar", "plain" or "none"; "auto" takes what suits stderr."""
    if kind == "auto" or (kind == "bar" and not voice.moves):
        kind = "bar" if voice.moves else "plain"
    try:
        yield _KINDS[kind](control, voice)
    finally:
        voice.let_go()


class Quiet:
    """Counts what happens and shows nothing but notices of the run as a whole."""

    def __init__(self, control: Control, voice: Voice) -> None:
        self._control = control
        self._voice = voice
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
                self._show()
            case Notice(text):
                self._say(text)

    def _show(self) -> None:
        """Show how far it is; called at every beat."""

    def _say(self, text: str) -> None:
        self._voice.say(f"downloader: {text}")

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

    def __init__(self, control: Control, voice: Voice) -> None:
        super().__init__(control, voice)
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
            f"{images:.1f} images/s, {decimal_text(rate)}/s"
        )


class Bar(Quiet):
    """Moves a bar."""

    def _show(self) -> None:
        standing = Standing(self._done, self._lines, self._counts["failed"], *self._rates())
        line = bar_line(standing, self._voice.width)
        if standing.failed and self._voice.colours:
            line = re.sub(r"[\d,]+ failed", rf"{RED}\g<0>{PLAIN}", line)
        self._voice.show(line)


_KINDS = {"none": Quiet, "plain": Plain, "bar": Bar}
