"""Safe file names: whatever a list, a URL or a server brings, a name that stays in its folder and is nobody else's.

Where a name must be known before the image's format is, it stands here without its suffix: a *stem* with its folders.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import NewType

from downloader.policy.formats import ALIASES, SUFFIX

FileName = NewType("FileName", str)
"""A relative path, forward slashes between its parts, each of them safe on every file system."""

BESIDE = {"thumbnail": ".thumb.webp"}
"""Suffixes of the files that steps leave beside an image."""

MARK = 12
"""Hexadecimal digits of the hash behind a name that was taken: among a million such names a chance of 0.2 %."""

LONGEST = 255 - len("-") - MARK - max(map(len, BESIDE.values())) - len(".part")
"""Bytes of UTF-8 a part of a name may take without its suffix: file systems stop at 255 with all that may follow."""

DEEPEST = 800
"""Bytes that the folders of a name may take together; systems stop at 4,096 for a path with the output folder's own."""

SUFFIXES = (*dict.fromkeys(SUFFIX.values()), ".bin")
"""Every suffix that we store images under."""

EXISTS = "exists"
"""The code of an image that --on-conflict skip leaves out."""

_IMAGE = frozenset((*SUFFIXES, *ALIASES))
# A folder of such a name would stand in the way of a file, of an image or of our own.
_FILES = _IMAGE | {".jsonl", ".damaged", ".webp"}
_COMPANIONS = tuple(suffix.rpartition(".")[0] for suffix in BESIDE.values())

# Windows: "Naming Files, Paths, and Namespaces"; the names mean devices with any suffix and blanks before it, too.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)

# Control characters, what Windows refuses, and what is not seen or turns the direction of text around it (UTR #36).
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f'
    r"\ufeff\ufff9-\ufffb\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_BLANK = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def safe(part: str) -> str:
    """Make one part of a path safe: no traversal, control or bidi characters, reserved or hidden names."""
    if part.isascii() and part.isdigit() and len(part) <= LONGEST:
        return part  # what most names are
    part = _UNSAFE.sub("_", unicodedata.normalize("NFC", part)).lstrip(_BLANK + "-")
    part = _cut(f"_{part[1:]}" if part.startswith(".") else part)
    return _cut(f"_{part}") if not part or _RESERVED.fullmatch(part) else part


def join(parts: Sequence[str]) -> FileName:
    """Make a name of its parts, the folders first; folders that would make the path too long are left out."""
    *above, last = parts
    folders, left = [], DEEPEST
    for folder in map(_folder, above):
        left -= len(folder.encode()) + 1
        if left < 0:
            break
        folders.append(folder)
    return FileName("/".join([*folders, safe(last)]))


def flat(stem: FileName) -> FileName:
    """Give the name for where a folder of it cannot be made."""
    return FileName(safe(stem.replace("/", "_")))


def without_suffix(name: str) -> str:
    """Take off the suffix of an image; every other one belongs to the name."""
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and f"{dot}{suffix}".lower() in _IMAGE else name


def around(stem: FileName, url: str) -> FileName:
    """Give the name a task takes when its own is taken: the same in every run."""
    return FileName(f"{stem}-{hashlib.sha256(url.encode()).hexdigest()[:MARK]}")


def names(stem: FileName, url: str) -> Iterator[FileName]:
    """Go through the names a task may take: its own, then those around it."""
    yield stem
    for turn in count():
        yield around(stem, f"{url}#{turn}" if turn else url)


def beside(name: FileName, suffix: str) -> FileName:
    """Give the name of a file that goes with an image: its own suffix in the place of the image's."""
    stem, dot, last = name.rpartition(".")
    return FileName(f"{stem if dot and '/' not in last else name}{suffix}")


def stands(path: str) -> str:
    """Give the detail of an image that is skipped for the file that stands at a path."""
    return f"a file of that name was there before: {path!r}"


def fold(stem: str) -> str:
    """Give what all names share that some file system, or a person, takes for the same.

    Case and normalisation, compatibility forms too (Unicode 3.13, D146, and upper case before it, as NTFS compares);
    the name of what may stand beside an image is that image's.
    """
    if stem.isascii():
        folded = stem.lower()
    else:
        folded = _fold_once(stem)
        while (again := _fold_once(folded)) != folded:
            folded = again
    while folded.endswith(_COMPANIONS):
        folded = folded.rpartition(".")[0]
    return folded


def _fold_once(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).upper().casefold())


@lru_cache(maxsize=1024)
def _folder(part: str) -> str:
    part = safe(part)
    stem, dot, suffix = part.rpartition(".")
    return f"{stem}_{suffix}" if f"{dot}{suffix}".lower() in _FILES else part


def _cut(part: str) -> str:
    """Cut a part between two characters; what NFC has composed stays so, it holds for every piece (UAX #15)."""
    return part.encode()[:LONGEST].decode("utf-8", "ignore").rstrip(f".{_BLANK}")
