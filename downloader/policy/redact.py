"""Taking secrets out of texts that others wrote: servers repeat what they were told, and texts are kept."""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote

MASK = "***"

RUN = 12
"""Characters in a row that give a longer secret away: texts are cut, and may hold a piece of one."""

LEAST = 4
"""Characters of the shortest secret that is looked for: each word would hold a shorter one by chance."""

_SCHEMES = frozenset(("Basic", "Bearer", "Token"))
"""Words of Authorization that are no secret themselves, and would take the space before one with them."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """Give a text with the values of secret headers masked, wherever ``RUN`` characters of one stand in a row.

    Found in upper and lower case, escaped as in a URL or a quotation, or in hexadecimal; of a login the password as
    well. A server that wants to can always write it in some other way.
    """
    low = "".join(c.lower() if c.isascii() else c for c in text)
    hidden = bytearray(len(text))
    for secret in secrets:
        for length, pieces in _pieces(secret):
            for start in range(len(low) - length + 1):
                if low[start : start + length] in pieces:
                    hidden[start : start + length] = b"\1" * length
    return "".join(_masked(text, hidden)) if any(hidden) else text


def _masked(text: str, hidden: bytearray) -> Iterator[str]:
    for place, character in enumerate(text):
        if not hidden[place]:
            yield character
        elif not place or not hidden[place - 1]:
            yield MASK


@lru_cache(maxsize=512)
def _pieces(secret: str) -> tuple[tuple[int, frozenset[str]], ...]:
    """Give what gives a secret away, by length: runs of a long one, the whole of a short one."""
    by_length: dict[int, set[str]] = {}
    for form in {form.lower() for part in _parts(secret) for form in _forms(part)}:
        length = min(len(form), RUN)
        runs = {form[start : start + length] for start in range(len(form) - length + 1)}
        by_length.setdefault(length, set()).update(runs)
    return tuple((length, frozenset(pieces)) for length, pieces in by_length.items())


def _parts(secret: str) -> Iterator[str]:
    """Give what is secret in the value of a header: all of it, its credentials, its password, each cookie's value."""
    scheme, _, credentials = secret.partition(" ")
    yield credentials if scheme in _SCHEMES else secret
    if scheme == "Basic":
        with suppress(ValueError):  # a header by hand need not be what it says
            login = b64decode(credentials + "==").decode()
            yield from (login, login.partition(":")[2])
    for crumb in secret.split("; "):
        yield crumb.partition("=")[2]


def _forms(part: str) -> Iterator[str]:
    """Give the ways in which texts hold a part: as it is, escaped, in hexadecimal."""
    if len(part) >= LEAST:
        yield from (part, quote(part, safe=""), quote(part, safe="/%:@!$&'()*+,;=?"), repr(part)[1:-1])
        yield part.encode().hex(" ")
