"""The judgement of one attempt, hop by hop: rules without I/O, the same for every engine.

An engine sends a request for ``url``, then calls ``start`` with the answer's status and header lines. That gives
``Follow(url)`` for a redirect, which makes the next hop, or ``Read``. Then it calls ``feed`` with the wire bytes of the
body as they come, and ``finish`` at their end, which gives the Payload. Whatever is wrong is raised as a FetchError, as
early as it can be known; ``status`` is then the HTTP status it was met under.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, Protocol

from downloader.errors import (
    BadReply,
    Busy,
    Empty,
    FetchError,
    Forbidden,
    Gone,
    HashMismatch,
    HttpStatus,
    NotAnImage,
    NotFound,
    ProxyFailed,
    ServerError,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Transient,
    Truncated,
)
from downloader.model import Image, Payload
from downloader.policy import formats
from downloader.policy.address import follow
from downloader.policy.digest import Digest
from downloader.policy.disposition import file_name
from downloader.policy.fields import by_name
from downloader.policy.inflate import Corrupt, Inflater, gzip, zlib_or_raw
from downloader.settings import Limits

REDIRECTS = frozenset((301, 302, 303, 307, 308))

# 52x are the proxies' own words for an origin that failed; they come and go.
_STATUS: dict[int, type[FetchError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    407: ProxyFailed,
    408: TimedOut,
    410: Gone,
    425: Busy,
    429: Busy,
    451: Forbidden,
    500: ServerError,
    502: ServerError,
    503: Busy,
    504: ServerError,
} | dict.fromkeys(range(520, 530), ServerError)

RESIDUE = 64 << 10
"""A refused body up to this long is read to its end: cheaper than a new connection."""

SNIFF = 64
"""Bytes that tell every format from every other."""


class Body(Protocol):
    """Where the decoded bytes are put as they come."""

    def write(self, data: bytes) -> object:
        """Take more bytes."""

    def close(self) -> Any:
        """Hear that the body is whole; gives what ``Payload.body`` shall be."""


@dataclass(frozen=True, slots=True)
class Read:
    """The body is worth reading: feed it."""


READ = Read()


@dataclass(frozen=True, slots=True)
class Follow:
    """The answer sends us on."""

    url: str


class Exchange:
    """Judges one attempt; made anew for each. ``wall`` gives the time of day in seconds since the epoch.

    ``expected`` may be set before the first byte: the digest that the body must have.
    """

    def __init__(self, url: str, limits: Limits, retry_after_max: float, body: Body, wall: Callable[[], float]) -> None:
        self.url = url
        self.expected: Digest | None = None
        self.status: int | None = None
        self.chunked = False  # whether the body comes in chunks
        self._limits = limits
        self._retry_after_max = retry_after_max
        self._body = body
        self._wall = wall
        self._hops = 0
        self._headers: Mapping[str, Sequence[str]] = {}
        self._announced: int | None = None
        self._wire = 0
        self._size = 0
        self._hash = hashlib.sha256()
        self._md5: hashlib._Hash | None = None  # kept only where the list names one
        self._head = b""
        self._ending: formats.Ending | None = None  # watched only where no length is announced
        self._format: formats.Format | None = None
        self._inflater: Inflater | None = None

    def start(self, status: int, headers: Iterable[tuple[str, str]]) -> Read | Follow:
        """Judge the head of an answer; names in ``headers`` may be in any case. Raises FetchError."""
        self.status = status
        self._headers, self._announced, self.chunked = (
            {},
            None,
            False,
        )  # a head that is malformed leaves nothing of the hop before
        self._headers = by_name(headers)
        self._announced = self._length()
        if "transfer-encoding" in self._headers:
            self.chunked = _is_chunked(self._headers["transfer-encoding"])
        if status in REDIRECTS:
            return self._redirect(status)
        if status != 200:
            self._refuse(status)
        if self._announced is not None and self._announced > self._limits.max_bytes:
            raise TooLarge(f"{self._announced} bytes announced, --max-bytes is {self._limits.max_bytes}")
        if self._announced == 0:
            raise Empty("status 200 with an empty body")
        self._inflater = self._decoder()
        self._ending = formats.Ending() if self._announced is None else None
        if self.expected and self.expected.name == "md5":
            self._md5 = hashlib.md5(usedforsecurity=False)
        return READ

    @property
    def residue(self) -> int | None:
        """How many bytes of a body nobody wants may be read to keep the connection; None: it is better dropped."""
        if self._announced is None:
            return RESIDUE if "transfer-encoding" in self._headers else None
        return self._announced if self._announced <= RESIDUE else None

    def feed(self, wire: bytes) -> None:
        """Judge the next bytes of the body as they came over the wire; raises FetchError."""
        self._wire += len(wire)
        if self._wire > self._limits.max_bytes:
            raise TooLarge(f"more than --max-bytes {self._limits.max_bytes} on the wire")
        if self._inflater is None:
            self._take(wire)
            return
        for data in self._inflated(self._inflater, wire):
            self._take(data)

    def lost(self) -> None:
        """Judge the loss of the connection in the middle of a body; raises Truncated.

        A body whose end is the end of the connection may end by a reset as well: ``finish`` judges it by its own end.
        """
        if self._announced is not None or self.chunked:
            raise self._cut()

    def _cut(self) -> Truncated:
        of = "" if self._announced is None else f" of {self._announced}"
        return Truncated(f"the connection was lost after {self._wire}{of} bytes")

    def finish(self) -> Payload:
        """Judge the body as a whole; raises FetchError."""
        if self._announced is not None and self._wire < self._announced:
            raise self._cut()
        if self._inflater is not None and not self._inflater.eof and self._wire:
            raise Truncated(f"the compressed body ends early, after {self._wire} bytes")
        if not self._size:
            raise Empty("status 200 with an empty body")
        self._sniff()
        if self._ending and self._format and not self._ending.reached(self._format):
            raise Truncated(f"no length was announced and the {self._format.name} has no end, {self._size} bytes came")
        self._verify()
        image = Image(
            size=self._size,
            sha256=self._hash.hexdigest(),
            format=self._format.name if self._format else "",
            final_url=self.url,
            etag=self._first("etag"),
            last_modified=self._first("last-modified"),
        )
        told = self._headers.get("content-disposition")
        return Payload(image, self._body.close(), original=file_name(told) if told else "")

    def _redirect(self, status: int) -> Follow:
        location = self._first("location")
        if location is None:
            raise BadReply(f"status {status} without a Location")
        self._hops += 1
        if self._hops > self._limits.max_redirects:
            raise TooManyRedirects(f"more than {self._limits.max_redirects} redirects, the last to {location[:200]!r}")
        self.url = follow(self.url, location)
        self.status = None
        return Follow(self.url)

    def _refuse(self, status: int) -> NoReturn:
        kind = _STATUS.get(status, HttpStatus)
        wait = self._retry_after() if issubclass(kind, Transient) else None
        if wait is None:
            raise kind(f"status {status}")
        said = f"status {status}, asks to wait {wait:.0f} s"
        if wait > self._retry_after_max:
            raise Busy(f"{said}, longer than --retry-after-max {self._retry_after_max:g}", retry_after=wait)
        raise kind(said, retry_after=wait)

    def _retry_after(self) -> float | None:
        """Read Retry-After, seconds or a date (RFC 9110 §10.2.3), in seconds from now; None for none or nonsense."""
        text = (self._first("retry-after") or "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:12])
        try:
            # A date without a zone is GMT as all of HTTP's are (RFC 9110 §5.6.7), not the machine's own time.
            date = parsedate_to_datetime(text)
            return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - self._wall())
        except (ValueError, OverflowError, TypeError):
            return None

    def _length(self) -> int | None:
        """Read Content-Length as strictly as RFC 9112 §6.3 allows: said once, in digits, and not when chunked."""
        values = self._headers.get("content-length")
        if values is None:
            return None
        if "transfer-encoding" in self._headers:
            self._headers = {}  # RFC 9112 §6.3: such a connection is not to be used again
            raise BadReply("both Content-Length and Transfer-Encoding")
        digits = values[0].strip()
        if len(values) > 1 or not (digits.isdigit() and digits.isascii() and len(digits) <= 18):
            raise BadReply(f"Content-Length is {', '.join(values)[:80]!r}")
        return int(digits)

    def _decoder(self) -> Inflater | None:
        if "content-encoding" not in self._headers:
            return None
        encoding = ", ".join(self._headers["content-encoding"]).strip().lower()
        if encoding in ("", "identity"):
            return None
        if encoding in ("gzip", "x-gzip"):
            return gzip()
        if encoding == "deflate":
            return zlib_or_raw()
        raise BadReply(f"Content-Encoding is {encoding[:80]!r}, which was not asked for")

    def _inflated(self, inflater: Inflater, wire: bytes) -> Iterable[bytes]:
        try:
            yield from inflater.feed(wire)
        except Corrupt as error:
            raise BadReply(f"the compressed body is corrupt: {error}") from None

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limits.max_bytes:
            raise TooLarge(f"more than --max-bytes {self._limits.max_bytes} decoded")
        if len(self._head) < SNIFF:
            self._head += data[: SNIFF - len(self._head)]
            if len(self._head) >= SNIFF:
                self._sniff()
        if self._ending:
            self._ending.feed(data)
        self._hash.update(data)
        if self._md5:
            self._md5.update(data)
        self._body.write(data)

    def _verify(self) -> None:
        if self.expected is None:
            return
        got = (self._md5 or self._hash).hexdigest()
        if got != self.expected.hex:
            raise HashMismatch(f"the {self.expected.name} is {got[:12]}…, the list says {self.expected.hex[:12]}…")

    def _sniff(self) -> None:
        self._format = self._format or formats.sniff(self._head)
        if self._format is None and self._limits.accept == "image":
            raise NotAnImage(f"the body begins {_glimpse(self._head)}")

    def _first(self, name: str) -> str | None:
        values = self._headers.get(name)
        return values[0] if values else None


def _is_chunked(values: Iterable[str]) -> bool:
    """Tell what Transfer-Encoding says; a word without a value says nothing. Raises BadReply."""
    coding = ",".join(values).strip(" \t").lower()
    if coding not in ("", "chunked"):
        raise BadReply(f"Transfer-Encoding is {coding[:80]!r}, which was not asked for")
    return coding == "chunked"


def _glimpse(head: bytes) -> str:
    text = head[:40].decode("utf-8", "replace")
    return repr(text) if text.isprintable() or text.strip().isascii() else head[:16].hex(" ")
