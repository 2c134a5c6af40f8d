"""How fast bytes may come, and how fast they must: pure arithmetic on times that are passed in."""

from downloader.errors import TooSlow


class Throttle:
    """Spreads bytes so that no more than ``rate`` a second come, over all connections. Guard it with a lock."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._paid_until = 0.0

    def delay(self, count: int, now: float) -> float:
        """Enter bytes that have come; gives the seconds to wait before asking for more."""
        self._paid_until = max(self._paid_until, now) + count / self._rate
        return self._paid_until - now


class Speedometer:
    """Raises TooSlow when fewer than ``least`` bytes a second come over ``window`` seconds; 0 for no least."""

    def __init__(self, least: float, window: float, now: float) -> None:
        self._least = least
        self._window = window
        self._since = now
        self._count = 0

    def feed(self, count: int, now: float) -> None:
        """Enter bytes that have come."""
        self._count += count
        spent = now - self._since
        if not self._least or spent < self._window:
            return
        if self._count < self._least * spent:
            raise TooSlow(f"{self._count} bytes in {spent:.0f} s, --min-speed is {self._least:g} bytes/s")
        self._since, self._count = now, 0

    def excuse(self, seconds: float) -> None:
        """Leave out time in which we asked for nothing."""
        self._since += seconds
