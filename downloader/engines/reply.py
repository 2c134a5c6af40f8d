"""An answer of http.client, read as strictly as the other engines' parsers read it: one rule table decides.

http.client is lax where RFC 9112 is not, and what it lets pass may be another's bytes: heads that are cut, chunk sizes
with signs, trailers that never end. Its own seams are used for it, which have not moved since Python 3.5.
"""

import http.client
import re
import socket
import ssl
from typing import Any

from urllib3.util.wait import wait_for_read

from downloader.errors import BadReply, Reset
from downloader.policy.fields import HEADER_LINES

# Its own limit is 100 with the blank line counted in, and it knows no other way to set it. The judgement is ours; this
# only bounds what is read before it, as ``max_headers`` does for aiohttp.
http.client._MAXHEADERS = HEADER_LINES + 2  # type: ignore[attr-defined]

MAX_LINE = 64 << 10
"""Longest line of a head, a chunk size or a trailer, in bytes."""

# RFC 9112 §4: two versions, a space, three digits, and perhaps a reason.
_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9][0-9])(?: ([^\r\n\0]*))?\r?\n")

# RFC 9112 §7.1: hex digits only, then perhaps extensions. int() would also take a sign, blanks and underscores.
_CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")

_TRAILER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n")


class _Head:
    """The lines of a head as they come; one that stops before its blank line was cut, which http.client lets pass."""

    def __init__(self, fp: Any) -> None:
        self.fp = fp
        self._begun = False

    def readline(self, limit: int) -> bytes:
        line: bytes = self.fp.readline(limit)
        if not line and self._begun:
            raise Reset("the server hung up in the middle of the head")
        self._begun = True
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fp, name)


class Reply(http.client.HTTPResponse):
    """The response class of our connections."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = self._status_line()
            # Any 1xx but 101 goes before the answer (RFC 9110 §15.2); http.client knows only 100.
            if not 100 <= status <= 199 or status == 101:
                return f"HTTP/{version}", status, reason
            http.client.parse_headers(self.fp)

    def _status_line(self) -> tuple[str, int, str]:
        line = self.fp.readline(MAX_LINE + 1)
        if line == b"\r\n":  # left over from the answer before
            line = self.fp.readline(MAX_LINE + 1)
        if not line:
            raise http.client.RemoteDisconnected("closed without an answer")
        match = _STATUS_LINE.fullmatch(line)
        if not match:
            if not line.endswith(b"\n") and len(line) <= MAX_LINE:
                raise Reset("the server hung up in the middle of the head")
            raise BadReply(f"the status line is {line[:80]!r}")
        return match[1].decode(), int(match[2]), (match[3] or b"").decode("latin-1")

    def begin(self) -> None:
        """Read the head; raises Reset or BadReply where http.client would let it pass."""
        head: Any = _Head(self.fp)
        self.fp = head
        super().begin()
        if self.fp is not None:  # http.client drops it where the answer has no body
            self.fp = head.fp
        if not self.chunked and self.headers.get("transfer-encoding", "").strip().lower() == "chunked":
            self.chunked, self.chunk_left, self.length = True, None, None  # http.client stumbles over a blank behind it
        if self.headers.defects:
            # Behind a line without a colon the email parser takes the rest of the head for body.
            raise BadReply(f"a malformed header line ({type(self.headers.defects[0]).__name__})")

    def _close_conn(self) -> None:
        surplus = self.length == 0 and not self.will_close and _holds_more(self.fp)
        super()._close_conn()  # type: ignore[misc]
        if surplus:
            raise BadReply("more bytes came than were announced")

    def _line(self, of: str) -> bytes:
        line = self.fp.readline(MAX_LINE + 1)
        if line.endswith(b"\n"):
            return line
        if len(line) > MAX_LINE:
            raise BadReply(f"the line of {of} is too long")
        raise http.client.IncompleteRead(b"")  # cut: "0" may have begun "0400"

    def _read_next_chunk_size(self) -> int:
        line = self._line("a chunk size")
        match = _CHUNK_LINE.fullmatch(line)
        if not match:
            raise BadReply(f"a chunk size is {line[:40]!r}")
        return int(match[1], 16)

    def _read_and_discard_trailer(self) -> None:
        for _ in range(HEADER_LINES):
            line = self._line("a trailer")
            if line == b"\r\n":
                return
            if not _TRAILER_LINE.fullmatch(line):
                raise BadReply(f"a trailer is {line[:40]!r}")
        raise BadReply(f"more than {HEADER_LINES} trailers")

    def _get_chunk_left(self) -> int | None:
        left: int | None = self.chunk_left
        if not left:
            if left is not None and self._safe_read(2) != b"\r\n":  # type: ignore[attr-defined]
                raise BadReply("a chunk is not followed by a line end")
            left = self._read_next_chunk_size()
            if left == 0:
                self._read_and_discard_trailer()
                surplus = not self.will_close and _holds_more(self.fp)
                self._close_conn()
                if surplus:
                    raise BadReply("more bytes came than were announced")
                left = None
            self.chunk_left = left
        return left


def _holds_more(fp: Any) -> bool:
    """Tell whether bytes are there behind a body that is complete: it was longer than announced."""
    sock = fp.raw._sock  # the only way from a socket's file to the socket
    sock.idle = True
    try:
        if fp.peek(1):
            return True
    finally:
        sock.idle = False
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    return wait_for_read(sock, timeout=0.0) and bool(sock.recv(1, socket.MSG_PEEK))
