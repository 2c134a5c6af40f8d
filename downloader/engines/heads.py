"""Heads as libcurl hands them over, line by line: that of the answer, and those that go before it."""

import re
from collections.abc import Iterable, Sequence

from downloader.engines.dial import untunnelled
from downloader.engines.tunnel import MOST_LINE, MOST_LINES
from downloader.errors import BadReply

# RFC 9112 §4, and how libcurl writes the status of an HTTP/2 answer.
_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]|2) ([1-9][0-9][0-9])(?: ([^\r\n\0]*))?\r?\n")

BLANK = (b"\r\n", b"\n")
_ONE_BLANK = [b"\r\n"]

_MEMORY = 256
_USUAL = 256  # bytes of a line that is worth remembering
_statuses: dict[bytes, int] = {}  # those met before: nearly all servers say b"HTTP/1.1 200 OK\r\n"
_fields: dict[bytes, tuple[str, str]] = {}  # lines met before: of those of an answer, half came with the one before
_UNIQUE = frozenset(("content-length", "etag", "last-modified", "date"))


def whole(lines: Sequence[bytes]) -> bool:
    """Tell whether a head has come to its end."""
    return bool(lines) and lines[-1] in BLANK


def final(lines: Sequence[bytes], *, tunnel: bool) -> tuple[int, Sequence[bytes]] | None:
    """Give the status of the answer and its lines; None where only heads before it have come.

    Interim answers go before it (RFC 9110 §15.2), and where a ``tunnel`` was opened, the head of the proxy's answer.
    Raises FetchError for a head that is malformed, and for a tunnel refused.
    """
    if (
        not tunnel
        and lines[-1:] == _ONE_BLANK
        and lines.count(BLANK[0]) == 1
        and (status := status_of(lines[0])) >= 200
    ):
        return status, lines[1:-1]  # as nearly all are
    at = 0
    while at < len(lines):
        status = status_of(lines[at])
        end = _end(lines, at)
        if tunnel and not 100 <= status <= 199:
            _judge_tunnel(status, lines[at:end])
            tunnel = False
        elif end is not None and (status == 101 or not 100 <= status <= 199):
            return status, lines[at + 1 : end - 1]
        if end is None:
            return None
        at = end
    return None


def status_of(line: bytes) -> int:
    """Read a status line; raises BadReply."""
    status = _statuses.get(line)
    if status is None:
        if not (match := _STATUS_LINE.fullmatch(line)):
            raise BadReply(f"the status line is {line[:80]!r}")
        status = int(match[2])
        if len(_statuses) < _MEMORY and len(line) <= _USUAL:
            _statuses[line] = status
    return status


def fields(lines: Sequence[bytes]) -> Iterable[tuple[str, str]]:
    """Give names and values, in Latin-1 as they came; raises BadReply for a line without a colon."""
    return map(_field, lines)


def _field(line: bytes) -> tuple[str, str]:
    if found := _fields.get(line):
        return found
    name, colon, value = line.decode("latin-1").partition(":")
    if not colon:
        raise BadReply(f"a malformed header line: {name[:80]!r}")
    found = name, value.strip(" \t\r\n")
    if len(line) <= _USUAL and name.lower() not in _UNIQUE:
        if len(_fields) >= _MEMORY:
            _fields.clear()
        _fields[line] = found
    return found


def keeps(lines: Sequence[bytes]) -> bool:
    """Tell whether the last answer announced its length, and that the connection stays."""
    start = max(at for at, line in enumerate(lines) if line.startswith(b"HTTP/"))
    last = [line for line in lines[start + 1 :] if line not in BLANK]
    said = {name.lower(): value.lower() for name, value in fields(last)}
    connection = f"{said.get('connection', '')},{said.get('proxy-connection', '')}"
    stays = "close" not in connection and (lines[start].startswith(b"HTTP/1.1 ") or "keep-alive" in connection)
    return stays and "content-length" in said


def _end(lines: Sequence[bytes], at: int) -> int | None:
    return next((number + 1 for number in range(at, len(lines)) if lines[number] in BLANK), None)


def _judge_tunnel(status: int, lines: Sequence[bytes]) -> None:
    """Judge a proxy's answer to CONNECT as strictly as every engine does."""
    if len(lines) > MOST_LINES + 2 or any(len(line) > MOST_LINE + 2 for line in lines):
        raise BadReply("the head of the proxy's answer is too long")
    if status != 200:
        reason = lines[0].decode("latin-1").split(" ", 2)
        raise untunnelled(status, reason[2].strip() if len(reason) > 2 else "")
    for _ in fields([line for line in lines[1:] if line not in BLANK]):
        pass
