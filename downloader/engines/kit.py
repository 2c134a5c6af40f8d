"""What every engine is made with."""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from downloader.engines.spool import Spool
from downloader.engines.ways import Ways
from downloader.policy.pace import Throttle
from downloader.settings import Settings


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Kit:
    """Settings and the shared parts; ``jobs`` fits the machine's limit of descriptors."""

    settings: Settings
    ways: Ways
    spool: Spool
    jobs: int
    throttle: Throttle | None
    throttle_lock: Lock
    measure: bool  # whether somebody wants to know where the time goes
    attempts: bool  # whether somebody hears of every attempt
    ceiling: int  # descriptors from this number up are for work, not for idle connections

    def crowded(self, sock: _HasFileno) -> bool:
        """Tell by a socket whether descriptors run short: the system gives each the lowest number that is free."""
        return sock.fileno() >= self.ceiling

    def pause(self, count: int) -> float:
        """Enter bytes that have come; gives the seconds that --limit-rate asks to wait."""
        if self.throttle is None:
            return 0.0
        with self.throttle_lock:
            return self.throttle.delay(count, time.monotonic())
