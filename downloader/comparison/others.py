"""What the rest of the machine did meanwhile: the share of its cores that neither a run nor its server held."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_BUSY = (0, 1, 2, 5, 6, 7)
"""Of the first line of /proc/stat: user, nice, system, irq, softirq, and what another guest of the host stole."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading of the clocks, in seconds; ``busy`` is over all cores, None where the system does not tell."""

    at: float
    busy: float | None
    own: float  # of this process and of its children that have ended

    @classmethod
    def now(cls) -> "Moment":
        """Read the clocks."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.monotonic(), _busy(), time.process_time() + children.ru_utime + children.ru_stime)

    def others_until(self, later: "Moment", cores: int) -> float | None:
        """Give the share of all cores, 0 to 1, that others held between two moments; None where nobody can tell."""
        if self.busy is None or later.busy is None or later.at <= self.at:
            return None
        held = (later.busy - self.busy) - (later.own - self.own)
        return min(1.0, max(0.0, held / ((later.at - self.at) * cores)))


def _busy() -> float | None:
    try:
        ticks = [int(word) for word in _STAT.read_text("ascii").split("\n", 1)[0].split()[1:]]
        return sum(ticks[place] for place in _BUSY) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
