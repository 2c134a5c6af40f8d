"""One attempt, and what becomes of it: the part of an engine that is the same however it waits."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from downloader.engines.hop import Hop, current
from downloader.engines.kit import Kit
from downloader.engines.watch import Watch, phase
from downloader.errors import BadUrl, FetchError, HashMismatch, OutputError, Starved
from downloader.model import NO_EFFORT, AttemptEnded, Effort, Failed, Fetched, Payload, Phases, Worker
from downloader.policy.address import host_of, normalise
from downloader.policy.digest import expected
from downloader.policy.exchange import Exchange
from downloader.policy.pace import Speedometer
from downloader.policy.redact import redact
from downloader.ports import Emit, Schedule, Ticket

log = logging.getLogger(__name__)

AWAY = 1.0
"""Seconds that reading an unwanted body to its end may take."""

BREATHER = 1.0
"""Seconds a task waits when the machine had no descriptor for it."""

HUNGER = 60.0
"""Seconds without a single attempt, for want of descriptors or threads, after which the job gives up."""


@dataclass(slots=True)
class Ended:
    """An attempt that is over, as its worker hands it to the engine's own thread."""

    ticket: Ticket
    result: Payload | FetchError | Starved
    worker: Worker
    began: float  # seconds since the epoch
    seconds: float
    status: int | None  # the last HTTP status met
    at: str  # the host it was met at, "host:port"
    phases: Phases | None  # where the time went, if that is measured


class Attempt:
    """An attempt under way: the exchange that judges it, the part that takes its bytes, and its clock."""

    def __init__(self, ticket: Ticket, worker: Worker, kit: Kit, clock: Callable[[], float] = time.monotonic) -> None:
        """Take whose turn it is, and what tells the seconds at work: a clock may stand while others work."""
        limits = kit.settings.limits
        self.ticket = ticket
        self.worker = worker
        self.part = kit.spool.part(f"{ticket.task.index}-{ticket.attempt}")
        self.exchange = Exchange(ticket.task.url, limits, kit.settings.retry.retry_after_max, self.part, time.time)
        self._hash_col = kit.settings.intake.hash_col
        self._began = time.time()
        self._clock = clock
        self._start = clock()
        self.deadline = self._start + limits.timeout
        self._ways = kit.ways
        self._min_speed = limits.min_speed
        self.watch = Watch(time.monotonic()) if kit.measure else None
        self._told: set[str] | None = None  # the secrets that servers and proxies heard from us

    def check_line(self) -> None:
        """Raise BadUrl or HashMismatch for a line without a URL or a hash to judge by: it fails on the path of all."""
        if not self.ticket.task.host:
            normalise(self.ticket.task.url)
        self.exchange.expected = expected(self.ticket.task.columns, self._hash_col)

    def hop(self) -> Hop:
        """Give the hop that is due, and have the connection classes see it. Raises PrivateAddress."""
        hop = self._ways.hop(self.exchange.url, self.ticket.task.url, self.deadline)
        hop.watch = self.watch
        if hop.via or hop.head.secret:
            self._told = {*(self._told or ()), *hop.secrets}
        current.set(hop)
        return hop

    def feed(self, data: bytes) -> None:
        """Judge the next bytes of the body; raises FetchError."""
        if self.watch is None:
            self.exchange.feed(data)
            return
        with phase(self.watch, "check"):
            self.exchange.feed(data)

    def finish(self) -> Payload:
        """Judge the body as a whole; raises FetchError."""
        if self.watch is None:
            return self.exchange.finish()
        with phase(self.watch, "check"):
            return self.exchange.finish()

    def speedometer(self, now: float) -> Speedometer:
        """Give what judges the speed of a body that begins to come now, by whatever clock that is told."""
        return Speedometer(*self._min_speed, now)

    def fetched(self, payload: Payload) -> Ended:
        """End well."""
        return self._ended(payload)

    def failed(self, error: FetchError | Starved) -> Ended:
        """End without an image; what came of it is dropped, and the traceback, which holds its last bytes."""
        self.part.discard()
        error.__traceback__ = error.__context__ = None
        return self._ended(error)

    def _ended(self, result: Payload | FetchError | Starved) -> Ended:
        seconds, task = self._clock() - self._start, self.ticket.task
        at = task.host if self.exchange.url == task.url else host_of(self.exchange.url)
        if self._told:
            result = _without(result, self._told, task.url)
            # The list's own host keeps its name, which the schedule knows it by, though it be a password as well.
            at = at if at == task.host else redact(at, self._told)
        phases = self.watch.phases(self.ticket.waited) if self.watch else None
        return Ended(self.ticket, result, self.worker, self._began, seconds, self.exchange.status, at, phases)


def _without(result: Payload | FetchError | Starved, secrets: Set[str], url: str) -> Payload | FetchError | Starved:
    """Give a result in which no secret stands: what servers say is kept, and some repeat what they were told.

    The list's own ``url`` is none of their words and stays as it is.
    """
    if isinstance(result, Payload):
        image = result.image
        heard = {name: getattr(image, name) for name in ("final_url", "etag", "last_modified")}
        veiled: dict[str, Any] = {name: text and redact(text, secrets) for name, text in heard.items() if text != url}
        return replace(result, image=replace(image, **veiled))
    if isinstance(result, FetchError):
        result.detail = redact(result.detail, secrets)
    return result


class Account:
    """Settles ended attempts with the schedule. Called from the engine's own thread alone."""

    def __init__(self, schedule: Schedule, emit: Emit, *, tells: bool = True) -> None:
        """Take who is asked, and who hears of attempts where the account ``tells`` of them."""
        self._schedule = schedule
        self._emit = emit
        self._tells = tells or log.isEnabledFor(logging.DEBUG)
        self._starved_since: float | None = None  # since when no attempt could even begin
        self._unexpected: BaseException | None = None

    def settle(self, ended: Ended) -> Fetched | Failed | None:
        """Give the task's result, or None when it will be asked again."""
        ticket, result = ended.ticket, ended.result
        if isinstance(result, Starved):
            self._starve(result)
            self._schedule.put_back(ticket, time.monotonic(), BREATHER)
            return None
        self._starved_since = None
        effort = ticket.spent = _effort(ended)
        if isinstance(result, Payload):
            self._schedule.done(ticket, time.monotonic())
            if self._tells:
                self._tell(ended, None)
            return Fetched(ticket.task, result, effort)
        wait = self._schedule.failed(ticket, result, time.monotonic(), ended.at)
        if self._tells:
            self._tell(ended, wait)
        if wait is None:
            return Failed(ticket.task, result.code, _detail(ended, result), effort, ended.status)
        return None

    def settle_all(self, ended: Iterable[Ended | BaseException]) -> Sequence[Fetched | Failed]:
        """Give the results of a batch; what a worker did not expect is kept for ``check``, behind the batch."""
        results: list[Fetched | Failed] = []
        for each in ended:
            if isinstance(each, BaseException):
                self._unexpected = self._unexpected or each
            elif result := self.settle(each):
                results.append(result)
        return results + [self._unasked(ticket, error) for ticket, error in self._schedule.refused()]

    def _unasked(self, ticket: Ticket, error: FetchError) -> Failed:
        """Give the result of a task whose host was given up; what earlier attempts cost stays with it."""
        return Failed(ticket.task, error.code, error.detail, ticket.spent or NO_EFFORT)

    def check(self) -> None:
        """Raise what a worker did not expect, now that what the others fetched is stored."""
        if self._unexpected is not None:
            raise self._unexpected

    def _starve(self, error: Starved) -> None:
        now = time.monotonic()
        self._starved_since = self._starved_since or now
        if now - self._starved_since > HUNGER:
            self._unexpected = OutputError(f"no image could be asked for in {HUNGER:.0f} s: {error}")

    def _tell(self, ended: Ended, wait: float | None) -> None:
        result, task, number = ended.result, ended.ticket.task, ended.ticket.attempt
        size = result.image.size if isinstance(result, Payload) else 0
        code = result.code if isinstance(result, FetchError) else None
        detail = result.detail if isinstance(result, FetchError) else None
        self._emit(AttemptEnded(task, number, ended.worker, ended.seconds, size, code, detail, wait, ended.phases))
        if log.isEnabledFor(logging.DEBUG):
            facts = {"attempt": number, "url": task.url, "code": code, "seconds": round(ended.seconds, 6)}
            log.debug(
                "attempt %d of %s: %s after %.3f s", number, task.url, detail or "fetched", ended.seconds, extra=facts
            )


def _effort(ended: Ended) -> Effort:
    before = ended.ticket.spent
    first, seconds = (before.first, before.seconds) if before else (ended.began, 0.0)
    return Effort(
        attempts=ended.ticket.attempt,
        seconds=seconds + ended.seconds,
        first=first,
        last=ended.began + ended.seconds,
        worker=ended.worker,
        phases=ended.phases,
    )


def _detail(ended: Ended, error: FetchError) -> str:
    """Say where a line that cannot be asked for stands, so that it can be found and mended."""
    place = ended.ticket.task.place
    own = isinstance(error, BadUrl | HashMismatch) and ended.status is None  # and not that of a redirect
    return f"{error.detail} ({place})" if own and place else error.detail
