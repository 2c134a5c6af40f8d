"""A child's supply: the tickets that its parent has sent and the schedule has not taken yet."""

import math
from collections import deque
from collections.abc import Callable, Sequence

from downloader.cluster.wire import Row, ticket_of
from downloader.policy.supply import Ticket


class Inbox:
    """Filled by the child's ear, emptied by its schedule; the parent sees to it that it does not grow."""

    def __init__(self, hand_back: Callable[[Sequence[Ticket]], None]) -> None:
        """Take what brings tickets back to the parent, who has a place to park them and gives them again when due."""
        self._hand_back = hand_back
        self._rows: deque[Row] = deque()
        self._end_was_said = False
        self.came = 0  # tickets, so far
        self.next_due = math.inf  # parked ones come again as if new

    def put(self, rows: Sequence[Row]) -> None:
        """Take what came; from any thread."""
        self.came += len(rows)
        self._rows.extend(rows)

    def end(self) -> None:
        """Hear that nothing more will come; from any thread."""
        self._end_was_said = True

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._end_was_said and not self._rows

    @property
    def waiting(self) -> bool:
        """Whether a pull brings something."""
        return bool(self._rows)

    def pull(self, room: int, _now: float) -> Sequence[Ticket]:
        """Give up to ``room`` tickets of those that are there."""
        return [ticket_of(self._rows.popleft()) for _ in range(min(room, len(self._rows)))]

    def park(self, tickets: Sequence[Ticket]) -> None:
        """Hand tickets back that must wait long."""
        self._hand_back(tickets)
