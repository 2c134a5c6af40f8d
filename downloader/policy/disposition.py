"""The file name that an answer tells of itself: Content-Disposition, by RFC 6266 and as servers really write it.

Whatever cannot be read is passed over: no header makes a download fail that brought a whole image.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes

# RFC 9110 §5.6.2 and §5.6.4: token and quoted-string, one that is not closed too; unquoted values run to the next ";",
# as browsers take them. The type, which only says how to show it, is passed over, or missing.
_PARAMETER = re.compile(
    r"""(?:^|;)\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)\\?(?:"|$)|(?P<bare>[^;]*))""",
    re.DOTALL,
)
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")

# RFC 8187 §3.2.1, once RFC 5987: charset'language'percent-encoded; these are the charsets that were ever asked for.
_EXTENDED = re.compile(r"(?P<charset>utf-8|iso-8859-1|us-ascii)'[^']*'(?P<value>.*)", re.IGNORECASE | re.DOTALL)


def file_name(values: Iterable[str]) -> str:
    """Give the file name that these values of Content-Disposition tell, without folders, or "".

    Values come as HTTP libraries give them: each byte one character, ISO-8859-1. ``filename*`` goes before
    ``filename`` (RFC 6266 §4.3), the first of each holds. What it gives is any text: no name to store under yet.
    """
    told: dict[str, str] = {}
    for name, value in _parameters(values):
        read = {"filename*": _extended, "filename": _plain}.get(name)
        if read and (found := _without_folders(read(value))):
            told.setdefault(name, found)
    return told.get("filename*") or told.get("filename", "")


def _parameters(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value in values:
        for match in _PARAMETER.finditer(value):
            quoted = match["quoted"]
            yield match["name"].lower(), match["bare"].strip() if quoted is None else _unquoted(quoted)


def _unquoted(text: str) -> str:
    # What begins like a path of Windows has separators, not escapes.
    return text if _WINDOWS_PATH.match(text) else re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _extended(value: str) -> str:
    match = _EXTENDED.fullmatch(value)
    if match is None:
        return ""
    try:
        return unquote_to_bytes(match["value"]).decode(match["charset"].lower())
    except UnicodeDecodeError:
        return ""


def _plain(value: str) -> str:
    # Not allowed and common: raw UTF-8 (RFC 6266 appendix C), and the encoded words of mail (RFC 2047).
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    if "=?" in value:
        with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):
            value = str(make_header(decode_header(value)))
    return value


def _without_folders(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1].strip()
    return "" if last in ("", ".", "..") else last
