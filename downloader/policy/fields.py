"""The header lines of an answer as a whole: what no answer may say, however the library that read it takes it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from downloader.errors import BadReply

HEAD_BYTES = 64 << 10
"""Most bytes of all header lines of an answer."""

HEADER_LINES = 200
"""Most header lines of an answer."""

_BAD_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2: token


def by_name(headers: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Give the values of each field, by its name in lower case; raises BadReply.

    Names in ``headers`` may be in any case. All names, and all values, are looked at at once.
    """
    lines = tuple(headers)
    if not lines:
        return {}
    names, values = zip(*lines, strict=True)
    all_names, all_values = " ".join(names), " ".join(values)
    keys = _keys(all_names)
    if len(keys) != len(lines) or not (all_values.isprintable() or _BAD_TEXT.search(all_values) is None):
        _check_each(lines)
    if len(lines) > HEADER_LINES:
        raise BadReply(f"more than {HEADER_LINES} header lines")
    if len(all_names) + len(all_values) + 2 * len(lines) + 2 > HEAD_BYTES:  # with ": " and the line's end
        raise BadReply(f"the head is longer than {HEAD_BYTES >> 10} KiB")
    found: dict[str, Sequence[str]] = dict(zip(keys, zip(values, strict=True), strict=True))
    if len(found) < len(lines):
        found = {key: [value for at, value in enumerate(values) if keys[at] == key] for key in found}
    return found


@lru_cache(maxsize=256)  # a server's answers name the same fields over and over
def _keys(names: str) -> Sequence[str]:
    """Give names, told with a blank between, in lower case; nothing when one of them is none."""
    keys = tuple(names.lower().split(" "))
    return keys if all(map(_NAME.fullmatch, keys)) else ()


def _check_each(lines: Iterable[tuple[str, str]]) -> None:
    for name, value in lines:
        if _BAD_TEXT.search(value):
            # RFC 9110 §5.5: control characters make a field invalid; libraries differ in whether they notice.
            raise BadReply(f"a control character in header {name[:80]!r}")
        if not _NAME.fullmatch(name):
            raise BadReply(f"a header is named {name[:80]!r}")
