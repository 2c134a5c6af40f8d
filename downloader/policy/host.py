"""What is learnt of one host while it is asked: whether it lives, how much it bears, when it wants to be left alone.

    closed ──3 misses in a row──► resting ──rest over──► probing (one at a time) ──answer──► closed
                                     ▲                      │
                                     └──────a miss──────────┘ ──``probes`` misses──► down

A miss is a connect failure or a time-out; any answer, good or bad, is a sign of life. Busy answers (429, 503) rest the
host for as long as it asks, or halve its limit; as many successes as the limit is raise it by one: additive increase,
multiplicative decrease (D.-M. Chiu, R. Jain, 1989), as in TCP. A limit that was refused is remembered, so that the host
is mostly asked just below it and rarely at it.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from downloader.policy.climb import FIRST, Climb

MISSES = 3
"""Misses in a row after which a host rests."""

CAUTION = 10
"""How many times as many successes it takes to try a limit that was once refused."""

UNLIMITED = 1 << 30


@dataclass(frozen=True, slots=True)
class Rule:
    """What a person says of a host: places, and starts a second; 0 for no limit."""

    limit: int = 0
    rate: float = 0.0
    auto: bool = False  # the limit is to be found


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all hosts, and for some by name ("host:port" or "host")."""

    default: Rule = field(default_factory=Rule)
    named: Mapping[str, Rule] = field(default_factory=dict)
    rate: float = 0.0  # starts a second over all hosts; 0 for no limit
    probes: int = 4  # failed probes after which a host is down
    rest: tuple[float, float] = (0.5, 30.0)  # first and longest rest, in seconds

    def of(self, name: str) -> Rule:
        """Give the rule for a host."""
        return self.named.get(name) or self.named.get(name.rpartition(":")[0]) or self.default


class Host:
    """The state of one host, and those who wait for it. Time is passed in, in monotonic seconds."""

    __slots__ = (
        "_climb", "_cut_at", "_goods", "_misses", "_refused", "_rule", "_rules", "_tokens_at", "all_rests",
        "busy_answers", "cap", "down", "failed_probes", "last_miss", "limit", "name", "opens_at", "part", "probing",
        "proven", "rests", "share", "under_way", "waiting", "wakes_at",
    )  # fmt: skip

    def __init__(self, name: str, rules: Rules) -> None:
        self.name = name
        self.waiting: deque[object] = deque()
        self.under_way = 0
        self.share = UNLIMITED  # of its places, where other jobs or processes ask it too
        self.part = 1.0  # and of its rate
        self.proven = not name  # what is no URL has no host to prove
        self.opens_at = 0.0  # nothing starts before
        self.wakes_at = 0.0  # when somebody will look at it again
        self.probing = False  # its rest was for misses: one at a time
        self.down = False
        self.rests = 0
        self.all_rests = 0
        self.busy_answers = 0
        self.failed_probes = 0
        self.last_miss = ""
        self._rules = rules
        self._rule = rules.of(name)
        self._climb = Climb() if self._rule.auto else None
        self.cap = self._climb.limit if self._climb else self._rule.limit or UNLIMITED
        self.limit = self.cap
        self._misses = 0
        self._goods = 0
        self._refused = UNLIMITED  # the lowest limit that the host has refused lately
        self._cut_at = -1.0
        self._tokens_at = 0.0  # the earliest next start under its rate

    @property
    def places(self) -> int:
        """How many may be under way: one until the host is proven, and while it is probed; no more than our share."""
        return min(self.share, self.limit if self.proven and not self.probing else 1)

    @property
    def learnt(self) -> bool:
        """Whether something is known of it that a new record would not know."""
        return self.proven or self.down or self._misses > 0 or self._tokens_at > 0 or self.limit != self.cap

    def story(self) -> str:
        """Say what was learnt of it, where that differs from what was set; empty otherwise."""
        parts = ["down: it did not answer"] if self.down else []
        if self.limit != self.cap:
            parts.append(f"bears {self.limit} at once")
        elif self._climb and self._climb.best > FIRST:
            parts.append(f"does best with {self._climb.best} at once")
        if self.busy_answers:
            parts.append(f"was busy {self.busy_answers} times")
        if self.all_rests:
            parts.append(f"rested {self.all_rests} times for silence")
        return ", ".join(parts)

    def ready(self, now: float) -> bool:
        """Tell whether one of its waiting may start now."""
        return bool(self.waiting) and self.under_way < self.places and now >= max(self.opens_at, self._tokens_at)

    def next_look(self) -> float:
        """Say when it may become ready by the passing of time alone."""
        return max(self.opens_at, self._tokens_at)

    def started(self, now: float) -> None:
        """Enter a start."""
        self.under_way += 1
        if self._rule.rate:
            self._tokens_at = max(now, self._tokens_at) + 1 / (self._rule.rate * self.part)

    def answered(self) -> None:
        """Enter a sign of life."""
        self.proven = True
        self.probing = False
        self._misses = self.rests = self.failed_probes = 0

    def succeeded(self, started: float, now: float) -> None:
        """Enter a success of an attempt that was started then.

        As many as the limit raise it by one, up to the cap; there the climb goes on, if there is one.
        """
        self.answered()
        self._goods += 1
        if self._climb and self.limit == self.cap:
            self._climb.ended(now - started, now)
            self.cap = self.limit = self._climb.limit
        steps = CAUTION if self.limit + 1 >= self._refused else 1
        if self.limit < self.cap and self._goods >= self.limit * steps:
            self.limit += 1
            self._goods = 0
            if self.limit >= self._refused:  # it bears what it once refused
                self._refused = self.limit + 1

    def missed(self, started: float, now: float, detail: str = "") -> None:
        """Enter a miss of an attempt that was started then, and what was met."""
        self.last_miss = detail
        if self.probing and started >= self.opens_at:
            self.failed_probes += 1
            self.down = self.failed_probes >= self._rules.probes
            self._rest(now)
            return
        self._misses += 1
        if self._misses >= MISSES and not self.probing:
            self.probing = True
            self.down = self._rules.probes == 0
            self._rest(now)

    def busy(self, started: float, crowd: int, now: float, retry_after: float | None) -> None:
        """Enter a busy answer to an attempt that was started then, as one of a crowd, with the wait it asks for."""
        self.answered()
        self.busy_answers += 1
        if retry_after:
            self.opens_at = max(self.opens_at, now + retry_after)
        if started < self._cut_at:
            return  # asked before the limit was cut: it says nothing new
        self._cut_at = now
        # What the host refused is the crowd at the start: by now, others of it may have ended.
        at = min(self.limit, crowd)
        self._refused = max(2, at)
        if self._climb:
            self._climb.refused(at)
            self.cap = self._climb.limit
        self.limit = max(1, at // 2)
        self._goods = 0

    def _rest(self, now: float) -> None:
        first, longest = self._rules.rest
        rest = min(longest, first * 2 ** min(self.rests + 1, 40))
        self.opens_at = max(self.opens_at, now + rest)  # it may have asked for longer
        self.rests += 1
        self.all_rests += 1
