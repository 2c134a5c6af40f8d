"""A server that breaks HTTP on purpose, byte by byte: each path has a script that writes to the connection.

    with HostileServer(SCRIPTS) as server:
        fetch(server.url("/length-too-long.jpg"))
        assert server.hits["/length-too-long.jpg"] == 5

A script is a function ``(connection, visit)``; ``visit`` counts the requests of its path from 1. It returns
True when the connection may serve another request. A path that ends in ``/*`` takes every name below it.
"""

import base64
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from types import TracebackType
from typing import Self, TypeAlias

from tests.support import images

PATIENCE = 60.0
"""Seconds a connection may hang in one send or wait before the server gives it up."""

JOIN = 5.0
"""Seconds the threads of a closed server may take to end."""

_TICK = 0.1
"""Seconds between two looks at whether the server closes."""

_MOST_HEAD = 256 << 10


class Over(Exception):
    """The client went away, or the server closes: the script ends here."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    head: bytes
    method: str
    target: str  # with its query
    path: str  # without
    time: float  # monotonic
    connection: int  # the number of its connection, from 1
    position: int  # the number of the request on its connection, from 1

    @property
    def headers(self) -> dict[str, str]:
        """Give the header fields, their names in lower case."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        fields = (line.partition(":") for line in lines if line)
        return {name.lower(): value.strip() for name, _, value in fields}


class Connection:
    """What a script holds: one connection, and the request it is to answer. Used by its own thread alone."""

    def __init__(self, sock: socket.socket, number: int, server: "HostileServer") -> None:
        self.request: Request
        self.server = server
        self.number = number
        self._sock = sock
        self._closing = server.closing

    def send(self, data: bytes) -> None:
        """Send all of it; ends the script when the client goes away."""
        rest = memoryview(data)
        give_up = time.monotonic() + PATIENCE
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except (TimeoutError, ssl.SSLWantWriteError):
                if self._closing.is_set() or time.monotonic() > give_up:
                    raise Over from None
            except OSError:
                raise Over from None

    def sleep(self, seconds: float) -> None:
        """Wait; ends the script when the server closes."""
        if self._closing.wait(seconds):
            raise Over

    def until(self, event: threading.Event) -> None:
        """Wait for a test's word; ends the script when the server closes."""
        give_up = time.monotonic() + PATIENCE
        while not event.wait(_TICK):
            if self._closing.is_set() or time.monotonic() > give_up:
                raise Over

    def hold(self) -> None:
        """Say nothing until the client hangs up; ends the script."""
        while self._receive():
            pass
        raise Over

    def reset(self) -> None:
        """Hang up with a reset; ends the script."""
        with suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()
        raise Over

    def close(self) -> None:
        """Hang up politely; ends the script."""
        self.hang_up()
        raise Over

    def hang_up(self) -> None:
        """Close, over TLS with the closing word that tells a whole body from a cut one."""
        with suppress(OSError, ValueError):
            if isinstance(self._sock, ssl.SSLSocket):
                self._sock.settimeout(_TICK)
                self._sock.unwrap()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def read_head(self) -> bytes:
        """Give the next request's head; empty when the client has hung up."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = self._receive()
            head += data
            if not data or len(head) > _MOST_HEAD:
                return b""
        return head

    def _receive(self) -> bytes:
        give_up = time.monotonic() + PATIENCE
        while not self._closing.is_set() and time.monotonic() < give_up:
            try:
                return self._sock.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError:
                return b""
        return b""


Script: TypeAlias = Callable[[Connection, int], bool | None]


class HostileServer:
    """Serves scripts on a free port of the loopback, one thread a connection; all are joined when it closes.

    Tests read ``hits``, ``times``, ``requests``, ``connections`` and ``most_in_flight``; they may add to
    ``scripts`` while it runs. ``gate`` lets scripts that wait go on. A script that raises fails the test.
    """

    def __init__(self, scripts: Mapping[str, Script], *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.scripts = dict(scripts)
        self.hits: Counter[str] = Counter()
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.requests: list[Request] = []
        self.connections = 0
        self.failed_handshakes = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.errors: list[BaseException] = []
        self.gate = threading.Event()
        self.closing = threading.Event()
        self._ssl_context = ssl_context
        self._lock = threading.Lock()
        self._live: dict[threading.Thread, socket.socket] = {}

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.settimeout(_TICK)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="hostile-acceptor", daemon=True)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None and self.errors:
            raise self.errors[0]

    def close(self) -> None:
        """Hang up on every client and join every thread; raises RuntimeError when one does not end."""
        self.closing.set()
        self._acceptor.join(JOIN)
        self._listener.close()
        with self._lock:
            live = dict(self._live)
        for sock in live.values():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        give_up = time.monotonic() + JOIN
        for thread in live:
            thread.join(max(0.0, give_up - time.monotonic()))
        stuck = [thread.name for thread in (self._acceptor, *live) if thread.is_alive()]
        if stuck:
            raise RuntimeError(f"threads of the hostile server did not end: {stuck}")

    @property
    def origin(self) -> str:
        """Give scheme, host and port."""
        return f"{'https' if self._ssl_context else 'http'}://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """Give host and port, what limits per host count by."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """Give the URL of a path."""
        return self.origin + path

    def wait_for(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait until a condition on what the server has seen holds; raises AssertionError if it does not."""
        give_up = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > give_up:
                raise AssertionError(f"not so within {timeout:g} s; seen: {dict(self.hits)}")
            time.sleep(0.005)

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            args, name = (sock, self.connections), f"hostile-{self.connections}"
            thread = threading.Thread(target=self._serve, args=args, name=name, daemon=True)
            with self._lock:
                self._live[thread] = sock
            thread.start()

    def _serve(self, raw: socket.socket, number: int) -> None:
        try:
            sock = self._greeted(raw)
            if sock is None:
                return
            connection = Connection(sock, number, self)
            try:
                self._answer_all(connection)
            except Over:
                pass
            finally:
                connection.hang_up()
        except BaseException as error:
            self.errors.append(error)
        finally:
            raw.close()
            with self._lock:
                self._live.pop(threading.current_thread(), None)

    def _greeted(self, raw: socket.socket) -> socket.socket | None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._ssl_context is None:
            raw.settimeout(_TICK)
            return raw
        raw.settimeout(PATIENCE)
        try:
            sock = self._ssl_context.wrap_socket(raw, server_side=True)
        except OSError:
            self.failed_handshakes += 1
            return None
        with self._lock:
            self._live[threading.current_thread()] = sock
        sock.settimeout(_TICK)
        return sock

    def _answer_all(self, connection: Connection) -> None:
        position = 0
        keep = True
        while keep and not self.closing.is_set():
            head = connection.read_head()
            if not head:
                return
            position += 1
            request = _parsed(head, connection.number, position)
            connection.request = request
            visit = self._enter(request)
            try:
                keep = bool(self._script(request.path)(connection, visit))
            finally:
                with self._lock:
                    self.in_flight -= 1

    def _enter(self, request: Request) -> int:
        with self._lock:
            self.hits[request.path] += 1
            self.times[request.path].append(request.time)
            self.requests.append(request)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            return self.hits[request.path]

    def _script(self, path: str) -> Script:
        found = self.scripts.get(path) or self.scripts.get(path.rpartition("/")[0] + "/*")
        return found or answer(b"no such script", status="501 Not Implemented", content_type="text/plain")


def _parsed(head: bytes, connection: int, position: int) -> Request:
    method, target, *_ = [*head.decode("latin-1").split("\r\n", 1)[0].split(" "), "", ""]
    return Request(head, method, target, target.partition("?")[0], time.monotonic(), connection, position)


# --- what scripts are made of

JPEG = images.jpeg(20_000, seed=1)
"""The body of every script that answers a good image."""

HALF = len(JPEG) // 2


def head(status: str = "200 OK", *lines: str | bytes) -> bytes:
    """Give the head of an answer."""
    all_lines = (f"HTTP/1.1 {status}", *lines, b"", b"")
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1") for line in all_lines)


def sized(body: bytes, *lines: str | bytes, status: str = "200 OK", content_type: str = "image/jpeg") -> bytes:
    """Give a whole answer that announces its length."""
    return head(status, f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *lines) + body


def chunk(data: bytes) -> bytes:
    """Give a chunk of a chunked body; of no data, its end."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked(body: bytes, step: int = 4096) -> bytes:
    """Give a whole chunked body."""
    return b"".join(chunk(body[at : at + step]) for at in range(0, len(body), step)) + chunk(b"")


def answer(body: bytes, *lines: str | bytes, status: str = "200 OK", content_type: str = "image/jpeg") -> Script:
    """Make a script of a good answer that keeps the connection."""
    data = sized(body, *lines, status=status, content_type=content_type)

    def script(connection: Connection, _: int) -> bool:
        connection.send(data)
        return True

    return script


def raw(data: bytes, *, keep: bool = False) -> Script:
    """Make a script that sends these very bytes, then hangs up politely or keeps the connection."""

    def script(connection: Connection, _: int) -> bool:
        connection.send(data)
        return keep

    return script


def redirect(location: str | bytes | None, status: str = "302 Found") -> Script:
    """Make a script that sends on; bytes go out as they are, None leaves the Location out."""
    named = location.encode("utf-8") if isinstance(location, str) else location
    lines = [] if named is None else [b"Location: " + named]
    return raw(head(status, *lines, "Content-Length: 0"), keep=True)


def first(times: int, bad: Script, then: Script) -> Script:
    """Make a script that goes wrong on the first visits."""

    def script(connection: Connection, visit: int) -> bool | None:
        return (bad if visit <= times else then)(connection, visit)

    return script


good = answer(JPEG, 'ETag: "one"', "Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT")


# --- slow and silent


def drip(connection: Connection, _: int) -> None:
    """A good answer, a byte of its body a second."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", f"Content-Length: {len(JPEG)}"))
    for at in range(len(JPEG)):
        connection.send(JPEG[at : at + 1])
        connection.sleep(1.0)


def drip_head(connection: Connection, _: int) -> None:
    """A head that comes a byte at a time and would take minutes."""
    for at in range(1000):
        connection.send(head("200 OK", "X-Filler: " + "x" * 1000)[at : at + 1])
        connection.sleep(0.2)


def drip_chunks(connection: Connection, _: int) -> None:
    """A chunked body of one byte a chunk, several a second, for minutes."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked"))
    for at in range(len(JPEG)):
        connection.send(chunk(JPEG[at : at + 1]))
        connection.sleep(0.2)


def stall(connection: Connection, _: int) -> None:
    """Half a body, then silence."""
    connection.send(sized(JPEG)[:-HALF])
    connection.hold()


def stall_in_head(connection: Connection, _: int) -> None:
    """Half a head, then silence."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: ima")
    connection.hold()


def silence(connection: Connection, _: int) -> None:
    """No answer at all."""
    connection.hold()


def slow(connection: Connection, visit: int) -> bool | None:
    """A good answer after 0.3 s."""
    connection.sleep(0.3)
    return good(connection, visit)


def gated(connection: Connection, visit: int) -> bool | None:
    """A good answer as soon as ``server.gate`` is set."""
    connection.until(connection.server.gate)
    return good(connection, visit)


def gated_half(connection: Connection, _: int) -> bool:
    """Half a body at once, the rest as soon as ``server.gate`` is set."""
    connection.send(sized(JPEG)[:-HALF])
    connection.until(connection.server.gate)
    connection.send(JPEG[-HALF:])
    return True


# --- cut off


def reset_before_head(connection: Connection, _: int) -> None:
    """A reset instead of an answer."""
    connection.reset()


def reset_in_head(connection: Connection, _: int) -> None:
    """A reset in the middle of the head."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    connection.sleep(0.05)
    connection.reset()


def reset_in_body(connection: Connection, _: int) -> None:
    """A reset in the middle of the body."""
    connection.send(sized(JPEG)[:-HALF])
    connection.sleep(0.05)  # a reset overtakes what has not been delivered
    connection.reset()


def close_by_reset(connection: Connection, _: int) -> None:
    """A whole image without a length, and a reset for its end."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", "Connection: close") + JPEG)
    connection.sleep(0.3)
    connection.reset()


def close_before_head(connection: Connection, _: int) -> None:
    """A closed connection instead of an answer."""
    connection.close()


def close_in_head(connection: Connection, _: int) -> None:
    """A closed connection in the middle of the head."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    connection.close()


def stale(connection: Connection, visit: int) -> bool | None:
    """A good answer on a fresh connection; one that served before is closed as the request arrives."""
    if connection.request.position > 1:
        connection.close()
    return good(connection, visit)


def stale_reset(connection: Connection, visit: int) -> bool | None:
    """As ``stale``, but the connection that served before is reset."""
    if connection.request.position > 1:
        connection.reset()
    return good(connection, visit)


# --- without an end


def _filler() -> bytes:
    return b"\0\x11\x22\x33" * (16 << 10)


def endless(connection: Connection, _: int) -> None:
    """A body without length and without end."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", "Connection: close") + JPEG[:-2])
    while True:
        connection.send(_filler())


def endless_chunked(connection: Connection, _: int) -> None:
    """A chunked body without end."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked") + chunk(JPEG[:-2]))
    while True:
        connection.send(chunk(_filler()))


def endless_headers(connection: Connection, _: int) -> None:
    """A head without end."""
    connection.send(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        connection.send(b"".join(b"X-Line-%d: %d\r\n" % (n, n) for n in range(number, number + 500)))
        number += 500


def endless_line(connection: Connection, _: int) -> None:
    """A header line without end."""
    connection.send(b"HTTP/1.1 200 OK\r\nX-Line: ")
    while True:
        connection.send(b"x" * 65536)


def endless_interim(connection: Connection, _: int) -> None:
    """Interim answers without end."""
    while True:
        connection.send(head("102 Processing") * 50)
        connection.sleep(0.05)


# --- compressed

_ZEROS = bytes(1 << 20)
BOMB_BLOCKS = 1100
"""Mebibytes of zeros that a bomb holds."""


def _flushed(data: bytes) -> bytes:
    """Compress to blocks that end on a byte and look back at nothing before them."""
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)


def _check(sum_up: Callable[[bytes, int], int], start: int) -> int:
    total = sum_up(JPEG, start)
    for _ in range(BOMB_BLOCKS):
        total = sum_up(_ZEROS, total)
    return total


def gzip_bomb(connection: Connection, _: int) -> None:
    """The bytes of a JPEG and 1100 MiB of zeros in 1.2 MB of gzip."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", "Content-Encoding: gzip", "Connection: close"))
    connection.send(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + _flushed(JPEG) + _flushed(_ZEROS) * BOMB_BLOCKS)
    size = (len(JPEG) + BOMB_BLOCKS * len(_ZEROS)) & 0xFFFFFFFF
    connection.send(b"\x03\0" + struct.pack("<II", _check(zlib.crc32, 0), size))


def deflate_bomb(connection: Connection, _: int) -> None:
    """The bytes of a JPEG and 1100 MiB of zeros in 1.2 MB of zlib data."""
    connection.send(head("200 OK", "Content-Type: image/jpeg", "Content-Encoding: deflate", "Connection: close"))
    connection.send(b"\x78\xda" + _flushed(JPEG) + _flushed(_ZEROS) * BOMB_BLOCKS)
    connection.send(b"\x03\0" + struct.pack(">I", _check(zlib.adler32, 1)))


def _raw_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


_GZIPPED = gzip.compress(JPEG, mtime=0)


# --- odd answers


def retry_date(connection: Connection, visit: int) -> bool | None:
    """Once 503 with a date 2 s ahead, then good. Dates have no fractions: the wait is between 1 and 2 s."""
    if visit > 1:
        return good(connection, visit)
    date = formatdate(time.time() + 2, usegmt=True)
    connection.send(
        sized(b"later", f"Retry-After: {date}", status="503 Service Unavailable", content_type="text/plain")
    )
    return True


def chain(connection: Connection, _: int) -> bool:
    """``/chain/3`` sends on to ``/chain/2``, and so on; ``/chain/0`` is good."""
    left = int(connection.request.path.rpartition("/")[2])
    script = redirect(f"/chain/{left - 1}") if left else good
    script(connection, 1)
    return True


def image(connection: Connection, _: int) -> bool:
    """``/images/3.jpg`` is a good JPEG of 5 kB, another for each name."""
    connection.send(sized(image_at(connection.request.path)))
    return True


def image_at(path: str) -> bytes:
    """Give the bytes that ``/images/…`` answers with."""
    return images.jpeg(5000, seed=zlib.crc32(path.encode()))


def sized_image(connection: Connection, _: int) -> bool:
    """``/bytes/70000`` is a good JPEG of so many bytes."""
    connection.send(sized(images.jpeg(int(connection.request.path.rpartition("/")[2]))))
    return True


_TEXT = b"<!doctype html><html><head><title>No</title></head><body>no image, whatever its name</body></html>"
_PIXEL = "data:image/png;base64," + base64.b64encode(images.png()).decode()
_JPEG_TYPE = "Content-Type: image/jpeg"
_LENGTH = f"Content-Length: {len(JPEG)}"
_CHUNKED = "Transfer-Encoding: chunked"
_TRUNCATED = raw(sized(JPEG)[:-HALF])
_FAULT = answer(_TEXT, status="500 Internal Server Error", content_type="text/html")

SCRIPTS: dict[str, Script] = {
    # good
    "/good.jpg": good,
    "/images/*": image,
    "/bytes/*": sized_image,
    "/image.png": answer(images.png(), content_type="image/png"),
    "/image.gif": answer(images.gif(), content_type="image/gif"),
    "/image.webp": answer(images.webp(), content_type="image/webp"),
    "/chunked.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunked(JPEG), keep=True),
    "/chunked-extras.jpg": raw(  # extensions and trailers are allowed (RFC 9112 §7.1)
        head("200 OK", _JPEG_TYPE, _CHUNKED)
        + b'%X;name="value"\r\n%b\r\n0\r\nX-Trailer: yes\r\n\r\n' % (len(JPEG), JPEG),
        keep=True,
    ),
    "/close-whole.jpg": raw(head("200 OK", _JPEG_TYPE, "Connection: close") + JPEG),
    "/gzip.jpg": answer(_GZIPPED, "Content-Encoding: gzip"),
    "/gzip-members.jpg": answer(
        gzip.compress(JPEG[:HALF], mtime=0) + gzip.compress(JPEG[HALF:], mtime=0), "Content-Encoding: gzip"
    ),
    "/deflate.jpg": answer(zlib.compress(JPEG), "Content-Encoding: deflate"),
    "/raw-deflate.jpg": answer(_raw_deflate(JPEG), "Content-Encoding: deflate"),
    "/interim.jpg": raw(
        head("100 Continue") + head("103 Early Hints", "Link: </style.css>; rel=preload") + sized(JPEG),
        keep=True,
    ),
    "/lines-200.jpg": answer(JPEG, *["X-Filler: x"] * 198),
    "/http-1.0.jpg": raw(b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG),
    "/http-1.0-length.jpg": raw(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(JPEG), JPEG)),
    "/closes-silently/*": raw(sized(JPEG)),  # as if the connection were to be kept
    # slow and silent
    "/drip.jpg": drip,
    "/drip-head.jpg": drip_head,
    "/drip-chunks.jpg": drip_chunks,
    "/stall.jpg": stall,
    "/stall-head.jpg": stall_in_head,
    "/silence.jpg": silence,
    "/slow.jpg": slow,
    "/slow/*": slow,
    "/gated.jpg": gated,
    "/gated/*": gated,
    "/gated-half.jpg": gated_half,
    # cut off
    "/reset-before-head.jpg": reset_before_head,
    "/reset-in-head.jpg": reset_in_head,
    "/reset-in-body.jpg": reset_in_body,
    "/close-before-head.jpg": close_before_head,
    "/close-in-head.jpg": close_in_head,
    "/close-cut.jpg": raw(head("200 OK", _JPEG_TYPE, "Connection: close") + JPEG[:-HALF]),
    "/chunked-cut.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunked(JPEG)[:-HALF]),
    "/chunked-no-end.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunked(JPEG)[: -len(chunk(b""))]),
    "/gzip-cut.jpg": answer(_GZIPPED[:-HALF], "Content-Encoding: gzip"),
    "/length-too-long.jpg": _TRUNCATED,
    "/stale.jpg": stale,
    "/stale-reset.jpg": stale_reset,
    # without an end
    "/endless.jpg": endless,
    "/endless-chunked.jpg": endless_chunked,
    "/endless-headers.jpg": endless_headers,
    "/endless-line.jpg": endless_line,
    "/endless-interim.jpg": endless_interim,
    "/gzip-bomb.jpg": gzip_bomb,
    "/deflate-bomb.jpg": deflate_bomb,
    "/huge-announced.jpg": raw(head("200 OK", _JPEG_TYPE, "Content-Length: 900000000000") + JPEG),
    "/lines-201.jpg": answer(JPEG, *["X-Filler: x"] * 199),
    "/lines-1000.jpg": answer(JPEG, *["X-Filler: x"] * 998),
    "/huge-header.jpg": answer(JPEG, "X-Huge: " + "x" * (1 << 20)),
    # lengths and framing that lie
    "/length-too-short.jpg": raw(head("200 OK", _JPEG_TYPE, f"Content-Length: {HALF}") + JPEG, keep=True),
    "/length-negative.jpg": raw(head("200 OK", _JPEG_TYPE, "Content-Length: -1") + JPEG),
    "/length-word.jpg": raw(head("200 OK", _JPEG_TYPE, "Content-Length: many") + JPEG),
    "/length-plus.jpg": raw(head("200 OK", _JPEG_TYPE, f"Content-Length: +{len(JPEG)}") + JPEG),
    "/same-lengths.jpg": answer(JPEG, _LENGTH),
    "/two-lengths.jpg": raw(head("200 OK", _JPEG_TYPE, _LENGTH, f"Content-Length: {HALF}") + JPEG),
    "/length-and-chunked.jpg": raw(head("200 OK", _JPEG_TYPE, _LENGTH, _CHUNKED) + chunked(JPEG)),
    "/chunk-size-word.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + b"zz\r\n" + JPEG),
    "/chunk-size-negative.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + b"-5\r\n" + JPEG),
    "/chunk-no-crlf.jpg": raw(
        head("200 OK", _JPEG_TYPE, _CHUNKED) + b"%x\r\n%b" % (HALF, JPEG[:HALF]) + chunked(JPEG[HALF:])
    ),
    "/brotli.jpg": answer(JPEG, "Content-Encoding: br"),
    "/gzip-corrupt.jpg": answer(_GZIPPED[:100] + b"\xff" * 100 + _GZIPPED[200:], "Content-Encoding: gzip"),
    "/not-gzip.jpg": answer(JPEG, "Content-Encoding: gzip"),
    "/nul-in-header.jpg": raw(sized(JPEG, b"X-Odd: a\0b")),
    "/garbage.jpg": raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "/no-head.jpg": raw(JPEG),
    "/http-2.0.jpg": raw(b"HTTP/2.0 200 OK\r\nContent-Length: 20000\r\n\r\n" + JPEG),
    "/http-1.2.jpg": raw(b"HTTP/1.2 200 OK\r\nContent-Length: 20000\r\n\r\n" + JPEG),
    "/status-plus.jpg": raw(b"HTTP/1.1 +200 OK\r\nContent-Length: 20000\r\n\r\n" + JPEG),
    "/status-cut.jpg": raw(b"HT"),
    "/odd-name.jpg": raw(sized(JPEG, 'X@"y: 1')),
    "/chunk-lf.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunked(JPEG).replace(b"1000\r\n", b"1000\n", 1)),
    "/chunk-cut-size.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunk(JPEG) + b"0"),
    "/trailer-cut.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunk(JPEG) + b"0\r\nX-Trailer: ye"),
    "/coding-gzip-chunked.jpg": raw(head("200 OK", _JPEG_TYPE, "Transfer-Encoding: gzip, chunked") + chunked(_GZIPPED)),
    "/coding-blank.jpg": raw(head("200 OK", _JPEG_TYPE, "Transfer-Encoding: chunked ") + chunked(JPEG), keep=True),
    "/close-reset.jpg": close_by_reset,
    # redirects
    "/loop": redirect("/loop"),
    "/loop-a": redirect("/loop-b"),
    "/loop-b": redirect("/loop-a", "301 Moved Permanently"),
    "/chain/*": chain,
    "/to-file": redirect("file:///etc/passwd"),
    "/to-data": redirect(_PIXEL),
    "/to-nowhere": redirect(None),
    "/to-bad-url": redirect("http://[/"),
    "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "/deep/er/relative": redirect("../../good.jpg", "307 Temporary Redirect"),
    "/to-utf-8": redirect("/bilder/grün.jpg", "308 Permanent Redirect"),
    "/bilder/gr%C3%BCn.jpg": good,
    "/redirect-with-body": answer(_TEXT * 50, "Location: /good.jpg", status="303 See Other", content_type="text/html"),
    "/redirect-endless-body": raw(
        head("302 Found", "Location: /good.jpg", "Content-Length: 900000000000") + _TEXT, keep=True
    ),
    # statuses
    "/204.jpg": raw(head("204 No Content"), keep=True),
    "/206.jpg": answer(JPEG[:HALF], f"Content-Range: bytes 0-{HALF - 1}/{len(JPEG)}", status="206 Partial Content"),
    "/304.jpg": raw(head("304 Not Modified", 'ETag: "one"'), keep=True),
    "/400.jpg": answer(_TEXT, status="400 Bad Request", content_type="text/html"),
    "/401.jpg": answer(_TEXT, 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized", content_type="text/html"),
    "/403.jpg": answer(_TEXT, status="403 Forbidden", content_type="text/html"),
    "/404.jpg": answer(_TEXT, status="404 Not Found", content_type="text/html"),
    "/404-image.jpg": answer(JPEG, status="404 Not Found"),
    "/410.jpg": answer(_TEXT, status="410 Gone", content_type="text/html"),
    "/418.jpg": answer(_TEXT, status="418 I'm a teapot", content_type="text/html"),
    "/500.jpg": _FAULT,
    "/502.jpg": answer(_TEXT, status="502 Bad Gateway", content_type="text/html"),
    "/503.jpg": answer(_TEXT, status="503 Service Unavailable", content_type="text/html"),
    "/429-once.jpg": first(
        1, answer(b"wait", "Retry-After: 1", status="429 Too Many Requests", content_type="text/plain"), good
    ),
    "/429-long.jpg": answer(b"wait", "Retry-After: 3600", status="429 Too Many Requests", content_type="text/plain"),
    "/503-date.jpg": retry_date,
    # goes wrong once, then well
    "/500-once.jpg": first(1, _FAULT, good),
    "/500-twice.jpg": first(2, _FAULT, good),
    "/cut-once.jpg": first(1, _TRUNCATED, good),
    "/reset-once.jpg": first(1, reset_before_head, good),
    "/stall-once.jpg": first(1, stall, good),
    # bodies that are no image
    "/page.jpg": answer(_TEXT),
    "/data.json": answer(b'{"image": null}', content_type="application/json"),
    "/empty.jpg": answer(b""),
    "/empty-chunked.jpg": raw(head("200 OK", _JPEG_TYPE, _CHUNKED) + chunk(b""), keep=True),
    "/empty-close.jpg": raw(head("200 OK", _JPEG_TYPE, "Connection: close")),
}
"""Every misbehaviour by its path."""
