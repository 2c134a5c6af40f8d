"""One transfer: a handle of libcurl's with its callbacks, which serves one attempt after another.

libcurl waits and frames; what came is judged by the attempt's exchange, as in every engine. Whatever a callback raises
is kept and told at the end: libcurl cannot carry it.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from heapq import heappush

import pycurl

from downloader.engines import heads
from downloader.engines.aim import Aim
from downloader.engines.attempt import AWAY, Attempt, Ended
from downloader.engines.curlerrors import UNCONNECTED, translate, translate_body
from downloader.engines.dial import unreached
from downloader.engines.easy import Excess, Lines, make_easy
from downloader.engines.kit import Kit
from downloader.engines.pins import Pins
from downloader.engines.sockets import Opener
from downloader.errors import BadReply, Dns, FetchError, NoSuchHost, Reset, TimedOut
from downloader.policy.chunked import Chunked
from downloader.policy.exchange import Follow
from downloader.policy.pace import Speedometer

LOOK = 0.5
"""Seconds between two looks at a transfer that shows no sign: heads are told of by libcurl without a call of ours."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the transfers of an engine share. ``clock`` gives seconds, and stands while the engine does."""

    kit: Kit
    clock: Callable[[], float]
    pins: Pins = field(default_factory=Pins)
    lines: Lines = field(default_factory=Lines)
    naps: "list[tuple[float, int, Transfer]]" = field(default_factory=list)  # a heap: who rests under --limit-rate


class Transfer:
    """A handle, and the attempt it works for. Used by the engine's own thread alone."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._kit = shared.kit
        self._clock = shared.clock
        self._limits = shared.kit.settings.limits
        self.easy = make_easy(shared.kit)
        self.easy.transfer = self
        self._heads: list[bytes] = []
        self._opener = Opener(shared.kit.ways.guard)
        self.easy.setopt(pycurl.HEADERFUNCTION, self._heads.append)
        self.easy.setopt(pycurl.WRITEFUNCTION, self._write)
        self.easy.setopt(pycurl.OPENSOCKETFUNCTION, self._opener)
        self._aim = Aim(self.easy, shared.kit.ways.guard, shared.pins, shared.lines)
        self._anew = False  # whether the hop asks for a connection of its own
        self._excess = Excess(self.easy)

    def begin(self, attempt: Attempt) -> None:
        """Take an attempt on. Raises FetchError for a line that cannot be asked for."""
        self.attempt = attempt
        self._end = self._clock() + self._limits.timeout
        self.answer: Future[Sequence[str]] | None = None
        self._on_fresh(anew=False)
        self._excess.listen(on=False)
        attempt.check_line()

    def hop(self) -> "Future[Sequence[str]]":
        """Begin the hop that is due; gives its host's addresses, which may still be looked up. Raises FetchError."""
        self._hop = hop = self.attempt.hop()
        self._heads.clear()
        self._opener.hop = hop
        self._real = time.monotonic()
        self._began = self._aimed = self._heard = self._clock()
        self._connected = self._judged = self._wanted = False
        self._error: BaseException | None = None
        self._left = -1  # bytes of an unwanted body that may still be read away
        self._away = 0.0  # when reading it is given up
        self._chunked: Chunked | None = None
        self._speed: Speedometer | None = None
        self._begun = 0.0  # when the first piece of the body came
        self._seen = 0
        self.rested = 0.0  # until when it rests under --limit-rate
        self.ended: tuple[int, str] | None = None  # how libcurl ended it in its rest
        self._checked_before = self.attempt.watch.spent["check"] if self.attempt.watch else 0.0
        self.answer = self._kit.ways.resolver.answer(hop.via.host if hop.via else hop.host)
        self._waits = not self.answer.done()
        return self.answer

    def aim(self, answer: "Future[Sequence[str]]") -> None:
        """Point the handle at the hop, whose host has been looked up. Raises FetchError or Starved."""
        self.answer = None
        self._note_look_up()
        self._aimed = self._clock()
        try:
            found = answer.result()
        except (Dns, NoSuchHost) as error:
            raise self._unknown(error) from None
        self._aim.at(self._hop, self.attempt.exchange.url, found)

    def _note_look_up(self) -> None:
        waited = self._clock() - self._began
        if self._waits:
            self._kit.ways.resolver.note(waited)
        if watch := self.attempt.watch:
            watch.spent["dns"] += waited

    def _unknown(self, error: FetchError) -> FetchError:
        return unreached(self._hop.via, error) if self._hop.via else error

    # --- what libcurl calls

    def _write(self, data: bytes) -> int | None:
        """Take bytes of the body; 0 ends the transfer."""
        try:
            if not self._judged:
                self._judge()
            if self._wanted:
                self._take(data)
                return None
            self._left -= len(data)
        except BaseException as error:  # noqa: BLE001 - kept: libcurl cannot carry it
            self._error = self._error or error
            return 0
        return 0 if self._left < 0 else None

    def _take(self, data: bytes) -> None:
        now = self._heard = self._clock()
        if self._speed:
            self._speed.feed(len(data), now)
        elif self._begun:
            self._speed = Speedometer(*self._limits.min_speed, self._begun)
            self._speed.feed(len(data), now)
        else:
            self._begun = now  # a body of one piece needs no judge of its speed
        if self._chunked:
            for part in self._chunked.feed(data):
                self.attempt.feed(part)
        else:
            self.attempt.feed(data)
        if self._kit.throttle and (pause := self._kit.pause(len(data))):
            if self._speed:
                self._speed.excuse(pause)
            self._begun += pause
            self._heard = self.rested = now + pause
            self.easy.pause(pycurl.PAUSE_RECV)
            heappush(self._shared.naps, (self.rested, id(self), self))

    def _judge(self) -> None:
        """Judge the answer's head, if it is there; what is wrong with it is kept, and told when the hop is over."""
        exchange = self.attempt.exchange
        try:
            found = heads.final(self._heads, tunnel=self._tunnels)
            if found is None:
                return
            self._judged = True
            status, lines = found
            try:
                self._wanted = not isinstance(exchange.start(status, heads.fields(lines)), Follow)
            finally:
                self._left = -1 if exchange.residue is None else exchange.residue
            self._chunked = Chunked() if exchange.chunked else None
        except FetchError as error:
            self._judged = True
            self._error = error

    @property
    def _tunnels(self) -> bool:
        hop = self._hop
        return hop.via is not None and hop.fresh and self.attempt.exchange.url.startswith("https:")

    # --- how it ends

    def over(self, code: int, said: str) -> Ended | None:
        """Judge a hop that is over, by libcurl's code; None when another is due. Raises FetchError or Starved."""
        if not self._judged and heads.whole(self._heads):
            self._judge()
        self._measure()
        if self._error:
            raise self._error
        if not self._judged:
            error = self._unanswered(code, said)
            if not isinstance(error, Reset) or self._hop.fresh:
                raise error
            self._on_fresh(anew=True)
            return None  # the server had closed all the kept connections that libcurl tried: the same hop once more
        if not self._wanted:
            return None
        if code:
            if loss := translate_body(code, said):
                raise loss
            self.attempt.exchange.lost()
        elif self._chunked and not self._chunked.whole:
            self.attempt.exchange.lost()
        elif self._excess.heard:
            raise BadReply("more bytes came than were announced")
        elif self._is_odd() and not self._excess.listening:
            self._again()
            return None
        return self.attempt.fetched(self.attempt.finish())

    def _on_fresh(self, *, anew: bool) -> None:
        if anew != self._anew:
            self._anew = anew
            self.easy.setopt(pycurl.FRESH_CONNECT, int(anew))

    def _unanswered(self, code: int, said: str) -> Exception:
        hop, refusal = self._hop, self._opener.refusal
        if refusal and code in UNCONNECTED:
            return refusal
        host, port = (hop.via.host, hop.via.port) if hop.via else (hop.host, hop.port)
        error = translate(code, said, self.easy.getinfo(pycurl.OS_ERRNO), f"{host} port {port}")
        if hop.via and code in UNCONNECTED and isinstance(error, FetchError) and not isinstance(error, TimedOut):
            return unreached(hop.via, error)
        return error

    def _again(self) -> None:
        """Have the whole attempt made once more, silently and listening, as on a connection that had been closed."""
        self.attempt.part.discard()
        self.attempt = Attempt(self.attempt.ticket, self.attempt.worker, self._kit, self._clock)
        self._on_fresh(anew=True)
        self._excess.listen(on=True)
        self.attempt.check_line()

    def _is_odd(self) -> bool:
        """Tell whether libcurl has dropped a connection that is one to keep: for bytes too many, or found closed."""
        dropped = self.easy.getinfo(pycurl.ACTIVESOCKET) < 0
        return dropped and not self._chunked and heads.keeps(self._heads)

    def _measure(self) -> None:
        """Enter where the hop's time went, by libcurl's timers, which count from its begin."""
        if not (watch := self.attempt.watch):
            return
        asked, first, total = map(self.easy.getinfo, _TIMERS)
        connect = (asked or total) if self._hop.fresh else 0.0
        answered = first if self._wanted and first else total
        watch.spent["connect"] += connect
        # libcurl's clock goes on while ours stands: results were stored, and the answer was not looked at.
        stood = time.monotonic() - self._real - (self._clock() - self._began)
        watch.spent["first_byte"] += max(0.0, answered - connect - stood)
        checked = watch.spent["check"] - self._checked_before
        watch.spent["body"] += max(0.0, total - answered - checked - max(0.0, stood - answered + connect))

    # --- limits of time

    def late(self, now: float) -> float | None:
        """Give when to look again; None when what is left of an unwanted body is not worth it. Raises a FetchError."""
        if now >= self._end:
            raise TimedOut("the whole attempt took longer than --timeout")
        if self.answer or not self._connected:
            return min(self._end, self._late_to_connect(now))
        self._look(now)
        if self._judged and not self._wanted:
            self._away = self._away or now + AWAY
            return None if self._left < 0 or now >= self._away else self._away
        silent = self._heard + self._limits.read_timeout
        if now >= silent:
            raise TimedOut(f"silent for {self._limits.read_timeout:g} s (--read-timeout)")
        return min(self._end, silent, now + LOOK)

    def _late_to_connect(self, now: float) -> float:
        longest = self._limits.connect_timeout
        if not self.answer and (seconds := self.easy.getinfo(pycurl.PRETRANSFER_TIME)):
            self._connected = True
            self._heard = max(self._heard, min(now, self._aimed + seconds))
            return now
        if now < self._began + longest:
            return min(self._began + longest, now + LOOK)
        if self.answer:
            self._note_look_up()
            name = self._hop.via.host if self._hop.via else self._hop.host
            raise self._unknown(Dns(f"looking up {name!r} took longer than {longest:.0f} s"))
        raise TimedOut(f"no connection within {longest:g} s (--connect-timeout)")

    def _look(self, now: float) -> None:
        """Look whether lines of a head have come since the last look."""
        if len(self._heads) != self._seen:
            self._seen, self._heard = len(self._heads), max(now, self._heard)
        if not self._judged and heads.whole(self._heads):
            self._judge()


_TIMERS = (pycurl.PRETRANSFER_TIME, pycurl.STARTTRANSFER_TIME, pycurl.TOTAL_TIME)
