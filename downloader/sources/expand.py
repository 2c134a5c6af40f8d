"""Ranges in URLs: ``img_[001:100].jpg`` is a hundred of them, each made when its turn comes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from downloader.model import Line
from downloader.policy.address import NO_URL

MOST_RANGES = 8
"""Ranges in one URL."""

# What stands in brackets and holds a colon is meant as a range; all other brackets are the URL's own.
_BRACKETS = re.compile(r"\[([^\[\]]*:[^\[\]]*)\]")

_RANGE = re.compile(r"(?:(\d{1,18}):(\d{1,18})|([a-z]):([a-z])|([A-Z]):([A-Z]))(?::(\d{1,18}))?", re.ASCII)

_BEFORE_HOST = re.compile(r"(?:[a-zA-Z]+:)?//(?:[^/?#]*@)?")


@dataclass(frozen=True, slots=True)
class _Range:
    """Numbers, or the code points of letters; numbers have zeros before them up to ``width``."""

    values: range
    width: int = 0  # 0 for letters

    def __iter__(self) -> Iterator[str]:
        return (f"{value:0{self.width}d}" if self.width else chr(value) for value in self.values)


def expanded(lines: Iterable[Line]) -> Iterator[Line]:
    """Go through the lines that these stand for; one with a bad range is a line that tells so, to fail as a bad URL."""
    for line in lines:
        if "[" not in line.url:
            yield line
            continue
        try:
            pieces = _pieces(line.url)
        except ValueError as error:
            yield replace(line, url=f"{NO_URL}{error}: {line.url}")
            continue
        yield from (replace(line, url=url) for url in _spread(pieces))


def _spread(pieces: Sequence[Iterable[str]]) -> Iterator[str]:
    """Give every text that takes one of each piece, the last changing soonest."""
    if not pieces:
        yield ""
        return
    for beginning in pieces[0]:
        for rest in _spread(pieces[1:]):
            yield beginning + rest


def _pieces(url: str) -> Sequence[Iterable[str]]:
    """Cut a URL into texts and ranges; raises ValueError that says what is wrong with a range."""
    pieces: list[Iterable[str]] = []
    end = 0
    for found in _BRACKETS.finditer(url):
        if _is_address(url, found):
            continue
        pieces += [(url[end : found.start()],), _range(found[1])]
        end = found.end()
        if len(pieces) > 2 * MOST_RANGES:
            raise ValueError(f"more than {MOST_RANGES} ranges")
    return [*pieces, (url[end:],)]


def _is_address(url: str, found: re.Match[str]) -> bool:
    """Tell whether brackets are those of an IPv6 host."""
    before = _BEFORE_HOST.match(url)
    if before is None or before.end() != found.start():
        return False
    try:
        return bool(IPv6Address(found[1]))
    except ValueError:
        return False


def _range(text: str) -> _Range:
    found = _RANGE.fullmatch(text)
    if not found:
        raise ValueError(f"the range [{text[:60]}] is none, write [001:100], [0:100:10] or [a:z]")
    first, last = next((low, high) for low, high in zip(*[iter(found.groups()[:6])] * 2, strict=True) if low)
    low, high = (int(first), int(last)) if first.isdigit() else (ord(first), ord(last))
    step = int(found[7] or 1)
    if low > high or not step:
        raise ValueError(f"the range [{text}] counts to nowhere, write the smaller end first and a step of 1 or more")
    return _Range(range(low, high + 1, step), len(first) if first.isdigit() else 0)
