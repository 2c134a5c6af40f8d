"""Lanes of time in the terminal: who worked when."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

WIDTH = 56
"""Cells in a lane: with a name of twenty letters before it, a line still fits a terminal of 80."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a lane was busy, in seconds of the monotonic clock; processes of one machine share that clock."""

    lane: str
    began: float
    ended: float


class Timeline:
    """Spans recorded from any thread: ``list.append`` is one step, with a GIL and without."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add(self, lane: str, began: float, ended: float) -> None:
        """Record a span that is over."""
        self.spans.append(Span(lane, began, ended))

    @contextmanager
    def span(self, lane: str) -> Iterator[None]:
        """Record the time that the block takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.add(lane, began, time.monotonic())

    @property
    def seconds(self) -> float:
        """How long all of it took, from the first beginning to the last end."""
        return max(span.ended for span in self.spans) - min(span.began for span in self.spans)

    def draw(self, width: int = WIDTH) -> Iterator[str]:
        """Give a line a lane, in the order in which they began, and a scale; nothing where nothing was recorded."""
        if not self.spans:
            return
        spans = sorted(self.spans, key=lambda span: span.began)
        start, scale = spans[0].began, width / max(self.seconds, 1e-9)
        margin = max(len(span.lane) for span in spans)
        for lane in dict.fromkeys(span.lane for span in spans):
            cells = ["·"] * width
            for span in spans:
                if span.lane == lane:
                    first = min(int((span.began - start) * scale), width - 1)
                    last = max(first + 1, round((span.ended - start) * scale))  # the shortest span is seen, too
                    cells[first:last] = "█" * (last - first)
            yield f"{lane:<{margin}} {''.join(cells)}"
        end = f"{self.seconds:.2f} s"
        yield f"{'':<{margin}} 0{end:>{width - 1}}"
