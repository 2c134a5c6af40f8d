"""What is worth asking again, after how long, and when to stop: tenacity's strategies, stepped without sleeping.

One rule serves every engine: the schedule asks it after each failed attempt, and keeps the task until it is due.
"""

import random
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_never
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from downloader.errors import FetchError, Transient
from downloader.settings import Retry


class FullJitter(wait_base):
    """A random wait up to a doubling ceiling: full jitter, which spreads a crowd of retries best.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    def __init__(self, first: float, longest: float, chance: random.Random) -> None:
        self._first = first
        self._longest = longest
        self._chance = chance

    def __call__(self, retry_state: RetryCallState) -> float:
        """Give the wait before the next attempt."""
        # Past 2**40 the ceiling is the longest wait anyway; without a bound the power overflows.
        ceiling = min(self._longest, self._first * 2 ** min(retry_state.attempt_number - 1, 40))
        return self._chance.uniform(0.0, ceiling)


class AsAsked(wait_base):
    """At least what the server asks for: asking sooner earns a longer ban (RFC 9110 §10.2.3)."""

    def __init__(self, own: wait_base) -> None:
        self._own = own

    def __call__(self, retry_state: RetryCallState) -> float:
        """Give the longer of our own wait and the one asked for."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return max(self._own(retry_state), getattr(error, "retry_after", None) or 0.0)


class StopBefore(stop_base):
    """Stop when the next attempt would start later than ``longest`` seconds after the first."""

    def __init__(self, longest: float) -> None:
        self._longest = longest

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Tell whether the next attempt would come too late."""
        return (retry_state.seconds_since_start or 0.0) + retry_state.upcoming_sleep > self._longest


class RetryRule:
    """Decides on failed attempts; ``chance`` is its own random source."""

    def __init__(self, settings: Retry, chance: random.Random) -> None:
        stop: stop_base = stop_after_attempt(settings.retries + 1)
        self._worth = _worth_asking(settings.retry_after_max)
        late: stop_base = StopBefore(settings.retry_max_time) if settings.retry_max_time else stop_never
        self._retrying = Retrying(
            retry=retry_if_exception(self._worth),
            wait=AsAsked(FullJitter(*settings.backoff, chance)),
            stop=stop | late,
            reraise=True,
        )

    def worth(self, error: FetchError) -> bool:
        """Tell whether waiting for as long as the error asks is allowed, whoever waits."""
        return self._worth(error)

    def failed(self, attempt: int, first: float, error: FetchError, now: float) -> float | None:
        """Judge a failed attempt by its number, from 1, and by when the task's first one started (monotonic seconds).

        Gives the seconds to wait until the next, or None when it was the last. Nothing is kept between attempts.
        """
        self._retrying.begin()
        state = RetryCallState(self._retrying, fn=None, args=(), kwargs={})
        state.attempt_number, state.start_time = attempt, first
        state.set_exception((type(error), error, None))
        state.outcome_timestamp = now
        try:
            self._retrying.iter(retry_state=state)
        except FetchError:
            return None
        return state.upcoming_sleep


def _worth_asking(retry_after_max: float) -> Callable[[BaseException], bool]:
    def judge(error: BaseException) -> bool:
        return isinstance(error, Transient) and (error.retry_after or 0.0) <= retry_after_max

    return judge
