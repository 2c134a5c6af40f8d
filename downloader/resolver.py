"""One name cache for every engine: look-ups are remembered, joined while under way, and bounded in number and time."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, TypeAlias

from downloader.errors import Dns, FetchError, NoSuchHost, Starved
from downloader.measures import resolution
from downloader.settings import Reach

FAILURE_TTL = 10.0
"""Seconds a failed look-up is remembered: long enough to spare the name server, short enough to get over a hiccup."""

_FAMILY = {"any": socket.AF_UNSPEC, "4": socket.AF_INET, "6": socket.AF_INET6}

MOST_NAMES = 20_000
"""Names remembered at most."""

Lookup: TypeAlias = Callable[..., Sequence[tuple[Any, ...]]]  # as socket.getaddrinfo
_Answer: TypeAlias = "Future[Sequence[str]]"

_UNKNOWN = frozenset(
    code for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if (code := getattr(socket, name, None)) is not None
)


_NEVER: "tuple[float, _Answer | None]" = (0.0, None)


class _Told(Future[Sequence[str]]):
    """An answer that is there from the beginning: nobody needs a lock to ask whether it is."""

    def __init__(self, addresses: Sequence[str]) -> None:
        super().__init__()
        self.set_result(addresses)
        self._addresses = addresses

    def done(self) -> bool:
        return True

    def result(self, timeout: float | None = None) -> Sequence[str]:  # noqa: ARG002 - as Future has it
        return self._addresses


class Resolver:
    """Turns host names into addresses. Safe to call from any thread; ``close`` it at the end of the job."""

    def __init__(
        self, settings: Reach, lookup: Lookup = socket.getaddrinfo, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl = settings.dns_ttl
        self._family = _FAMILY[settings.ip]
        self._known = dict(map(resolution, settings.resolve))
        self._lookup = lookup
        self._clock = clock
        self._pool = ThreadPoolExecutor(settings.dns_jobs, thread_name_prefix="dns")
        self.waited = 0.0  # seconds that images spent waiting for look-ups, summed
        self._lock = threading.Lock()
        self._answers: dict[str, tuple[float, _Answer]] = {}  # name: when it expires, what is or will be known

    def addresses(self, host: str, timeout: float) -> Sequence[str]:
        """Look a host up, blocking at most ``timeout`` seconds. Raises Dns or NoSuchHost."""
        answer = self.answer(host)
        if answer.done():
            return answer.result()
        with self._waiting():
            try:
                return answer.result(timeout)
            except TimeoutError:
                raise _too_slow(host, timeout) from None

    async def addresses_async(self, host: str, timeout: float) -> Sequence[str]:  # noqa: ASYNC109 - as addresses()
        """Look a host up without blocking the event loop, for at most ``timeout`` seconds. Raises Dns or NoSuchHost."""
        answer = self.answer(host)
        if answer.done():
            return answer.result()
        with self._waiting():
            try:
                async with asyncio.timeout(timeout):
                    # Shielded: a caller that gives up must not cancel the look-up that others wait for.
                    return await asyncio.shield(asyncio.wrap_future(answer))
            except TimeoutError:
                raise _too_slow(host, timeout) from None

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        start = self._clock()
        try:
            yield
        finally:
            self.note(self._clock() - start)

    def note(self, seconds: float) -> None:
        """Enter how long an image waited for an ``answer``."""
        with self._lock:
            self.waited += seconds

    def _told(self, host: str) -> Sequence[str]:
        """Give an address that needs no look-up: one told by --resolve, or the host itself."""
        if told := self._known.get(host):
            return [told]
        return _literal(host)

    def close(self) -> None:
        """Let look-ups under way end by themselves and start no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def answer(self, host: str) -> "Future[Sequence[str]]":
        """Give what is or will be known of a host; done at once where no look-up is needed. Raises Starved."""
        expires, known = self._answers.get(host, _NEVER)
        if known is not None and self._clock() < expires:
            return known
        told = self._told(host)
        with self._lock:
            expires, known = self._answers.get(host, _NEVER)
            if known is not None and self._clock() < expires:
                return known
            if len(self._answers) >= MOST_NAMES:
                del self._answers[next(iter(self._answers))]
            if told:
                answer: _Answer = _Told(told)
                self._answers[host] = (float("inf"), answer)
                return answer
            try:
                answer = self._pool.submit(self._ask, host)
            except RuntimeError as error:
                raise Starved(f"no thread for looking up {host!r}: {error}") from error
            self._answers[host] = (float("inf"), answer)  # under way: joined by whoever asks meanwhile
        answer.add_done_callback(lambda known: self._keep(host, known))
        return answer

    def _keep(self, host: str, answer: _Answer) -> None:
        if answer.cancelled():
            return
        error = answer.exception()
        ttl = 0.0 if isinstance(error, Starved) else FAILURE_TTL if error else self._ttl
        with self._lock:
            self._answers[host] = (self._clock() + ttl, answer if error else _Told(answer.result()))

    def _ask(self, host: str) -> Sequence[str]:
        try:
            found = self._lookup(host, None, family=self._family, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            _need_a_descriptor()
            raise _translated(host, error) from None
        except (OSError, UnicodeError) as error:
            raise Dns(f"looking up {host!r} failed: {error}") from None
        return list(dict.fromkeys(entry[4][0] for entry in found))


def _too_slow(host: str, timeout: float) -> Dns:
    return Dns(f"looking up {host!r} took longer than {timeout:.0f} s")


def _literal(host: str) -> Sequence[str]:
    """Give an address that needs no look-up; the odd spellings that systems take for addresses are looked up."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        return ()


def _need_a_descriptor() -> None:
    """Raise Starved when there is no descriptor left: the system then says that no name exists."""
    try:
        socket.socket().close()
    except OSError as error:
        raise Starved(f"out of descriptors: {error.strerror}") from error


def _translated(host: str, error: socket.gaierror) -> FetchError:
    kind = NoSuchHost if error.errno in _UNKNOWN else Dns
    return kind(f"looking up {host!r} failed: {error.strerror}")
