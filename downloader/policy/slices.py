"""What of a host's places and rate is this process's own, where several processes of one job ask the same host.

Most hosts are one process's alone, and nothing is said of them. Of one that is split each process has a slice; slices
sum up to the host's limit. Who had it all is told first, and only when what it has under way fits into its slice are
the others told theirs. Each telling has a number, which comes back with the word that it fits.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from downloader.policy.host import UNLIMITED

Say: TypeAlias = Callable[[str, str, float], None]
"""Hears a word ("fits" or "rests"), a host, and the number of the telling or when the rest is over."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What one process has of a host; ``part`` is its share of the host's rate."""

    host: str
    places: int
    part: float
    number: int  # of the telling; 0 takes the slice back: the host is one process's alone again


class Slices:
    """The slices of one process. ``give`` and ``rest`` may be called from any thread, all else from the schedule's."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._used: set[str] = set()
        self._slices: dict[str, Slice] = {}
        self._owed: dict[str, int] = {}  # tellings that must still be answered
        self._given: deque[Slice] = deque()
        self._rests: deque[tuple[str, float]] = deque()
        self._resting: dict[str, float] = {}  # the same, for hosts that the schedule does not know yet

    def give(self, piece: Slice) -> None:
        """Take a slice of a host."""
        self._given.append(piece)

    def rest(self, host: str, until: float) -> None:
        """Hear that another process was asked to leave a host alone until then, in monotonic seconds."""
        self._resting[host] = until
        self._rests.append((host, until))

    def use(self, host: str) -> int:
        """Enter that a host is asked; gives its places."""
        self._used.add(host)
        piece = self._latest(host)
        return piece.places if piece else UNLIMITED

    def opens(self, host: str) -> float:
        """Say until when a host is to be left alone, by what others have met, in monotonic seconds."""
        return self._resting.pop(host, 0.0)

    def leave(self, host: str) -> None:
        """Enter that nothing of a host is waiting or under way."""
        self._used.discard(host)
        self._answer(host)

    def part(self, host: str) -> float:
        """Give the share of a host's rate."""
        piece = self._latest(host)
        return piece.part if piece else 1.0

    def fits(self, host: str, _places: int) -> None:
        """Enter that no more than the slice is under way."""
        self._answer(host)

    def rests(self, host: str, until: float) -> None:
        """Have the others leave a host alone too."""
        self._say("rests", host, until)

    def news(self) -> Sequence[tuple[str, int]]:
        """Give the places that changed at hosts that are asked."""
        if not self._given:
            return ()
        came = [self._given.popleft() for _ in range(len(self._given))]
        return [(piece.host, piece.places) for piece in came if self._enter(piece)]

    def rested(self) -> Sequence[tuple[str, float]]:
        """Give the rests that came since the last time."""
        return [self._rests.popleft() for _ in range(len(self._rests))] if self._rests else ()

    def _latest(self, host: str) -> Slice | None:
        """Give what was told last, though the schedule may not have heard of it yet."""
        told = [piece for piece in tuple(self._given) if piece.host == host] if self._given else ()
        piece = told[-1] if told else self._slices.get(host)
        return piece if piece and piece.number else None

    def _enter(self, piece: Slice) -> bool:
        """Enter a slice; tells whether the schedule must hear of it, because it has something of that host."""
        used = piece.host in self._used
        if not piece.number:
            self._slices.pop(piece.host, None)
            self._owed.pop(piece.host, None)
            return used
        self._slices[piece.host] = piece
        self._owed[piece.host] = piece.number
        if not used or piece.places == UNLIMITED:
            self._answer(piece.host)
        return used

    def _answer(self, host: str) -> None:
        if number := self._owed.pop(host, 0):
            self._say("fits", host, number)
