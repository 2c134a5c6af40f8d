"""One attempt with requests, for the engines whose workers block: thread and sequential."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPException, IncompleteRead

import requests
import urllib3.exceptions
from requests import PreparedRequest
from urllib3 import HTTPResponse
from urllib3.util import SKIP_HEADER

from downloader.engines.attempt import AWAY, Attempt, Ended
from downloader.engines.dial import Dialer, os_error
from downloader.engines.hop import Hop, current
from downloader.engines.kit import Kit
from downloader.engines.watch import phase
from downloader.engines.wire import SharedAdapter
from downloader.errors import BadReply, FetchError, Reset, Starved, TimedOut, Truncated
from downloader.model import Payload, Worker
from downloader.policy.exchange import Exchange, Read
from downloader.ports import Ticket

CHUNK = 64 << 10
"""Most bytes taken from a connection at once."""


class BlockingClient:
    """Makes attempts. Shared by all threads of an engine; ``close`` it when they are joined."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._adapter = SharedAdapter(kit, Dialer(kit, self._make_room))
        self._hops: dict[int, Hop] = {}  # under way, by thread
        self._closed = False

    def attempt(self, ticket: Ticket) -> Ended:
        """Make one attempt in the calling thread."""
        thread = threading.current_thread()
        attempt = Attempt(ticket, Worker(thread.name, thread.native_id), self._kit)
        try:
            return attempt.fetched(self._fetch(attempt))
        except (FetchError, Starved) as error:
            if isinstance(error, Starved):
                self._make_room()
            return attempt.failed(error)
        finally:
            self._hops.pop(threading.get_ident(), None)

    def close(self) -> None:
        """Close the connections kept alive, and hang up on those in use: whoever still reads is left behind."""
        self._closed = True
        for hop in list(self._hops.values()):
            hop.deadline = 0.0  # whoever has no connection yet stops at the first byte it would receive
            with suppress(OSError):
                if hop.sock is not None:
                    hop.sock.shutdown(socket.SHUT_RDWR)
        self._adapter.close()

    def _make_room(self) -> None:
        """Close idle connections: they hold descriptors that work needs."""
        self._adapter.clear()

    def _fetch(self, attempt: Attempt) -> Payload:
        exchange = attempt.exchange
        attempt.check_line()
        while True:
            with closing(self._open(attempt)) as reply:
                if _judge(reply, exchange):
                    self._read(reply, attempt)
                    return attempt.finish()

    def _read(self, reply: HTTPResponse, attempt: Attempt) -> None:
        speed = attempt.speedometer(time.monotonic())
        try:
            with phase(attempt.watch, "body"):
                for chunk in _chunks(reply):
                    attempt.feed(chunk)
                    speed.feed(len(chunk), time.monotonic())
                    if pause := self._kit.pause(len(chunk)):
                        time.sleep(max(0.0, min(pause, attempt.deadline - time.monotonic())))
                        speed.excuse(pause)
        except Truncated:
            attempt.exchange.lost()

    def _open(self, attempt: Attempt) -> HTTPResponse:
        """Send the request and read the answer's head; once more if a kept connection had been closed meanwhile."""
        url, hop = attempt.exchange.url, attempt.hop()
        self._hops[threading.get_ident()] = hop
        with phase(attempt.watch, "first_byte"):
            try:
                return self._send(url, hop)
            except Reset:
                if hop.fresh:
                    raise
                return self._send(url, hop)

    def _send(self, url: str, hop: Hop) -> HTTPResponse:
        if self._closed:
            raise Reset("the job is over")
        request = PreparedRequest()
        request.method, request.url = "GET", url
        request.headers = _wire(hop)  # type: ignore[assignment]  # the adapter takes any mapping, and a dict is faster
        try:
            reply: HTTPResponse = self._adapter.send(request, stream=True).raw
        except (requests.RequestException, HTTPException, ValueError) as error:
            raise translate(error) from error
        return reply


def _wire(hop: Hop) -> Mapping[str, str]:
    """Give the header fields of a request; urllib3 names itself where nobody else is named, unless told not to."""
    fields = hop.head.fields
    return fields if "User-Agent" in fields else {**fields, "User-Agent": SKIP_HEADER}


def _judge(reply: HTTPResponse, exchange: Exchange) -> bool:
    """Tell whether the body is wanted; reads a short unwanted one away, so that the connection can be kept."""
    wanted = False
    try:
        wanted = isinstance(exchange.start(reply.status, reply.headers.iteritems()), Read)
    finally:
        if not wanted:
            _read_away(reply, exchange.residue)
    return wanted


def _read_away(reply: HTTPResponse, most: int | None) -> None:
    """Read an unwanted body of at most so many bytes to its end; None is not worth it, and costs the connection."""
    if most is None:
        return
    hop = current.get()
    hop.deadline = min(hop.deadline, time.monotonic() + AWAY)
    try:
        for chunk in _chunks(reply):
            most -= len(chunk)
            if most < 0:
                return
    except (FetchError, Starved):
        return  # the answer has been judged; only the connection is lost


def _chunks(reply: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := reply.read1(CHUNK, decode_content=False):
            yield chunk
    except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
        raise translate_body(error) from error


def translate(error: Exception) -> FetchError | Starved:
    """Translate what comes before the answer's head is whole, most specific first; what nobody knows stays as it is."""
    cause = _innermost(error)
    if isinstance(cause, (urllib3.exceptions.TimeoutError, requests.Timeout)):
        return TimedOut("too slow before the answer came")
    # RemoteDisconnected is both a BadStatusLine and a ConnectionResetError: the server hung up.
    if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
        return os_error(cause, "waiting for the answer")
    if isinstance(cause, IncompleteRead):
        return Reset("the server hung up while waiting for the answer")
    if isinstance(cause, (HTTPException, ValueError, urllib3.exceptions.HTTPError, requests.RequestException)):
        return BadReply(f"the answer's head is malformed: {type(cause).__name__}: {str(cause)[:120]}")
    raise error


def translate_body(error: Exception) -> FetchError:
    """Translate what breaks off a body: however the connection was lost, the body is cut."""
    cause = _innermost(error)
    if isinstance(cause, (urllib3.exceptions.TimeoutError, TimeoutError)):
        return TimedOut("too slow while reading the body")
    if isinstance(cause, (OSError, IncompleteRead, urllib3.exceptions.ProtocolError)):
        return Truncated("the connection was lost in the middle of the body")
    if isinstance(cause, (HTTPException, urllib3.exceptions.HTTPError)):
        return BadReply(f"the body is malformed: {type(cause).__name__}: {str(cause)[:120]}")
    raise error


def _innermost(error: BaseException) -> BaseException:
    """Dig out what really happened: urllib3 and requests wrap it in arguments and reasons."""
    while True:
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException):
            return error
        error = inner
