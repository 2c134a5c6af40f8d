"""The observer in a job's process that tells the service how the job goes."""

from bisect import bisect_left
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from typing import Any

from downloader.model import (
    AttemptEnded,
    Committed,
    Event,
    Failed,
    HostState,
    Known,
    ListEnded,
    Notice,
    Saved,
    Standing,
)
from downloader.service.channel import Channel
from downloader.service.weight import Weight

MOST_FAILURES = 20
"""Failures told one by one between two looks; all are counted, and the manifest has them."""

MOST_HOSTS = 1000
"""Hosts whose times are remembered."""

TIMES_KEPT = 200
"""Attempts of a host that its 95th percentile is of."""

PHASES = ("queue", "dns", "connect", "first_byte", "body", "check", "write")

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram of phases, in seconds; above stands one more."""


class Teller:
    """Sums up events, and says them at most four times a second. Called by the job's own thread alone."""

    def __init__(self, channel: Channel, weight: Weight, *, whole: bool) -> None:
        """Take the channel, what all runs have stored, and whether the whole list is gone through."""
        self._whole = whole
        self._weight = weight
        self._bytes = 0  # stored by this run
        self._channel = channel
        self._lines: int | None = None
        self._attempts = 0
        self._outcomes: Counter[tuple[str, str]] = Counter()  # of this run, by status and code
        self._failures: list[dict[str, Any]] = []
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._rests: dict[str, int] = {}
        self._phases = {name: [0] * (len(BUCKETS) + 1) for name in PHASES}
        self._sums = dict.fromkeys(PHASES, 0.0)

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case AttemptEnded():
                self._attempt(event)
            case Committed(outcomes):
                for outcome in outcomes:
                    self._outcome(outcome)
            case Standing():
                self._tell(event)
            case ListEnded(lines) if self._whole:
                self._lines = lines
            case Notice(text):
                self._channel.tell(event="notice", text=text)
            case Known() | ListEnded():
                pass  # the standing counts them, and a list of failures is not the job's

    def _attempt(self, ended: AttemptEnded) -> None:
        self._attempts += 1
        times = self._times.setdefault(ended.task.host, deque(maxlen=TIMES_KEPT))
        times.append(ended.seconds)
        self._times.move_to_end(ended.task.host)
        if len(self._times) > MOST_HOSTS:
            self._times.popitem(last=False)
        if ended.phases:
            for name in PHASES[:-1]:  # images are written after their attempt
                self._measured(name, getattr(ended.phases, name))

    def _outcome(self, outcome: Any) -> None:
        self._outcomes[outcome.status, outcome.code or ""] += 1
        if isinstance(outcome, Saved):
            self._bytes += outcome.image.size
            if outcome.effort.phases:
                self._measured("write", outcome.effort.phases.write)
        elif isinstance(outcome, Failed) and len(self._failures) < MOST_FAILURES:
            self._failures.append(
                {"index": outcome.task.index, "url": outcome.task.url, "code": outcome.code, "detail": outcome.detail}
            )

    def _measured(self, phase: str, seconds: float) -> None:
        self._phases[phase][bisect_left(BUCKETS, seconds)] += 1
        self._sums[phase] += seconds

    def _tell(self, standing: Standing) -> None:
        self._channel.tell(event="progress", **self._of_all(standing), **self._work(standing), **self.spent())
        self.tell_failures()
        self._tell_rests(standing.hosts)

    def tell_failures(self) -> None:
        """Tell those that were not told yet."""
        if self._failures:
            self._channel.tell(event="failures", failures=self._failures)
            self._failures = []

    def _of_all(self, standing: Standing) -> dict[str, Any]:
        """Give what a progress says of the list as a whole."""
        counts = {status: standing.statuses.get(status, 0) for status in ("saved", "skipped", "failed")}
        codes = {code: number for code, number in standing.codes.items() if number}
        return {"counts": counts, "codes": codes, **({} if self._lines is None else {"lines": self._lines})}

    def spent(self) -> dict[str, Any]:
        """Give what this run alone has done, but for ``bytes``, which are those of all runs."""
        outcomes = [[status, code, number] for (status, code), number in self._outcomes.items()]
        phases = {name: [*counts, self._sums[name]] for name, counts in self._phases.items()}
        return {
            "bytes": self._weight.bytes,
            "new_bytes": self._bytes,
            "attempts": self._attempts,
            "outcomes": outcomes,
            "phases": phases,
        }

    def _work(self, standing: Standing) -> dict[str, Any]:
        return {
            "in_flight": standing.in_flight,
            "hosts": [self._host(host) for host in standing.hosts],
        }

    def _host(self, host: HostState) -> dict[str, Any]:
        return {
            "host": host.name,
            "limit": host.limit,
            "in_flight": host.in_flight,
            "waiting": host.waiting,
            "rests": host.rests + host.busy,
            "resting": round(host.resting, 1),
            "down": host.down,
            "p95": _p95(self._times.get(host.name, ())),
        }

    def _tell_rests(self, hosts: Sequence[HostState]) -> None:
        for host in hosts:
            rests = host.rests + host.busy
            if rests > self._rests.get(host.name, 0):
                why = "busy" if host.busy and not host.rests else "silent"
                self._channel.tell(
                    event="rest", host=host.name, seconds=round(host.resting, 1), why=why, down=host.down
                )
        self._rests |= {host.name: host.rests + host.busy for host in hosts if host.rests + host.busy}


def _p95(times: Sequence[float] | deque[float]) -> float | None:
    return round(sorted(times)[int(0.95 * (len(times) - 1))], 3) if times else None
