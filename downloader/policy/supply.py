"""What the schedule is given: tickets, and who brings them."""

from collections.abc import Sequence
from typing import Protocol

from downloader.model import Effort, Task


class Ticket:
    """One task's turn, through all its attempts. Owned by the schedule, read by the engine, which enters the effort."""

    __slots__ = ("attempt", "crowd", "due", "first", "ready", "spent", "started", "task")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.attempt = 0
        self.due = 0.0  # nothing starts before; all times are monotonic seconds
        self.ready = 0.0  # since when it could have started, but for a place
        self.first = 0.0  # when the first attempt was handed out
        self.started = 0.0  # and the latest
        self.crowd = 0  # of its host, itself included, when that started
        self.spent: Effort | None = None  # what its attempts have cost so far

    @property
    def waited(self) -> float:
        """Seconds that its latest attempt could have been under way, but for want of a permit or a place."""
        return self.started - self.ready


class Supply(Protocol):
    """Where the schedule gets its tickets; never blocks."""

    def pull(self, room: int, now: float) -> Sequence[Ticket]:
        """Give up to ``room`` more tickets, none when none is there yet.

        Parked ones come again once they are due and the list leaves room for them.
        """

    def park(self, tickets: Sequence[Ticket]) -> None:
        """Keep tickets that must wait long, outside of memory, until they are due."""

    @property
    def next_due(self) -> float:
        """When the first parked ticket is due; infinite when none is parked."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""

    @property
    def waiting(self) -> bool:
        """Whether a pull brings something of the list now."""
