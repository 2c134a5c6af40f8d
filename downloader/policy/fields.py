"""The header lines of an answer as a whole: what no answer may say, however the library that read it takes it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from downloader.errors import BadReply

HEAD_BYTES = 64 << 10
"""Most bytes of all header lines of an answer."""

HEADER_LINES = 200
"""Most header lines of an answer."""

_USUAL = 64
"""Characters of a name that is worth remembering."""

_BAD_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2: token


def by_name(headers: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Give the values of each field, by its name in lower case; raises BadReply.

    Names in ``headers`` may be in any case.
    """
    found: dict[str, Sequence[str]] = {}
    lines = size = 0
    for name, value in headers:
        key = _key(name) if len(name) <= _USUAL else _checked(name)
        if not value.isprintable() and _BAD_TEXT.search(value):
            # RFC 9110 §5.5: control characters make a field invalid; libraries differ in whether they notice.
            raise BadReply(f"a control character in header {name[:80]!r}")
        lines += 1
        size += len(name) + len(value) + 4  # with ": " and the line's end
        found[key] = (*found[key], value) if key in found else (value,)
    if lines > HEADER_LINES:
        raise BadReply(f"more than {HEADER_LINES} header lines")
    if size > HEAD_BYTES:
        raise BadReply(f"the head is longer than {HEAD_BYTES >> 10} KiB")
    return found


def _checked(name: str) -> str:
    """Give a name in lower case; raises BadReply for what is none."""
    if not _NAME.fullmatch(name):
        raise BadReply(f"a header is named {name[:80]!r}")
    return name.lower()


_key = lru_cache(maxsize=256)(_checked)  # a server's answers name the same fields over and over
