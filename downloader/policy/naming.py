"""Safe file names: whatever a URL or a template brings, a name that stays in its folder."""

import hashlib
import re
import string
import unicodedata
from typing import Any, NewType
from urllib.parse import unquote, urlsplit

from downloader.errors import UsageError
from downloader.model import Task

FileName = NewType("FileName", str)
"""A relative path, forward slashes between its parts, each of them safe on every file system."""

FIELDS = ("index", "stem", "host")
LONGEST = 240
"""Bytes of UTF-8 a name may take with its suffix; file systems stop at 255."""

BESIDE = {"thumbnail": ".thumb.webp"}
"""Suffixes of the files that steps leave beside an image."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]')


def check_template(template: str) -> None:
    """Raise UsageError unless ``template`` can name every image."""
    try:
        parsed = list(string.Formatter().parse(template))
        _fill(template, index=1, stem="a", host="a")
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        known = ", ".join(f"{{{field}}}" for field in FIELDS)
        raise UsageError(f"--name cannot be {template!r}: {error}; the fields are {known}") from None
    if not any(field in ("index", "stem") for _, field, _, _ in parsed):
        raise UsageError(f"--name cannot be {template!r}: all images would have one name; use {{index}}")


def name_of(task: Task, template: str, suffix: str) -> FileName:
    """Give the name of a task's image."""
    parts = urlsplit(task.url)
    last = unquote(parts.path.rpartition("/")[2])
    stem = (last.rpartition(".")[0] if "." in last else last) or "image"
    filled = _fill(template, index=task.index, stem=safe(stem), host=parts.hostname or "host")
    folders = [part for part in filled.split("/") if part not in ("", ".")]
    *above, last = [safe(part) for part in folders] or ["image"]
    return FileName("/".join([*above, _cut(last, LONGEST - len(suffix)) + suffix]))


def around(name: FileName, url: str) -> FileName:
    """Give the name a task takes when another file stands under its own: the same in every run."""
    stem, dot, suffix = name.rpartition(".")
    mark = hashlib.sha256(url.encode()).hexdigest()[:12]
    return FileName(f"{stem}-{mark}{dot}{suffix}" if dot and "/" not in suffix else f"{name}-{mark}")


def beside(name: FileName, suffix: str) -> FileName:
    """Give the name of a file that goes with an image: its own suffix in the place of the image's."""
    stem, dot, last = name.rpartition(".")
    return FileName(f"{stem if dot and '/' not in last else name}{suffix}")


def safe(part: str) -> str:
    """Make one part of a path safe: no traversal, control or bidi characters, reserved or hidden names."""
    part = _UNSAFE.sub("_", unicodedata.normalize("NFC", part)).rstrip(". ").lstrip(" -")
    part = f"_{part[1:]}" if part.startswith(".") else part
    part = f"_{part}" if _RESERVED.fullmatch(part) else part
    return _cut(part, LONGEST) or "_"


def _fill(template: str, **fields: Any) -> str:
    return template.format_map(fields)


def _cut(part: str, most: int) -> str:
    return part.encode("utf-8", "replace")[:most].decode("utf-8", "ignore").rstrip(". ")
