"""The template of names: read once and checked, then filled for each image.

It looks like one of ``str.format`` and is not given to it: that would read attributes and items of whatever stands in
a field, and fill widths of any size.
"""

import hashlib
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from downloader.errors import UsageError
from downloader.measures import AUTO
from downloader.model import Payload, Task
from downloader.policy.formats import SUFFIX
from downloader.policy.naming import LONGEST, FileName, join, safe, without_suffix
from downloader.settings import Output

FLAT = 10_000
"""Images that stand in one folder; with --fanout auto those behind them get folders of their own."""

FAN = 1000
"""Images in each of those folders."""

MOST_TEXT = 2000
"""Characters of a value that are looked at: more than any name holds."""

_Value = Callable[[Task, Payload | None], str | int]

_FIELDS: Mapping[str, _Value] = {
    "index": lambda task, _: task.index,
    "stem": lambda task, _: _stem(task.url),
    "host": lambda task, _: urlsplit(task.url).hostname or "host",
    "ext": lambda _, payload: suffix_of(payload).lstrip("."),
    "sha256": lambda _, payload: payload.image.sha256 if payload else "",
    "url_hash": lambda task, _: hashlib.sha256(task.url.encode()).hexdigest(),
    "original": lambda task, payload: without_suffix((payload and payload.original) or _last(task.url) or "image"),
}
FIELDS = tuple(_FIELDS)

_FROM_ANSWER = frozenset(("ext", "sha256", "original"))
_ALIKE = frozenset(("host", "ext"))  # which tell no image from another
_NUMBER = re.compile(r"0?\d{0,2}[dx]?")
_DIGITS = re.compile(r"(0\d{0,2})?d?")  # of those, what brings neither letters nor blanks
_TEXT = re.compile(r"([\w -]?[<>^])?\d{0,2}(\.\d{1,3})?s?")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text as it stands, and the field behind it, which may be missing."""

    literal: str
    field: str | None = None
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a job names its images. Pure: of tasks and answers alone, never of what stands in the folder."""

    pieces: tuple[_Piece, ...]
    column: str | None  # of the user's table, whose cells are names
    fanout: int | str

    @classmethod
    def of(cls, settings: Output) -> Self:
        """Read the settings; raises UsageError for a template that cannot name every image."""
        try:
            return cls(_pieces(settings.name), settings.name_col, settings.fanout)
        except ValueError as error:
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise UsageError(
                f"--name cannot be {settings.name!r}: {error}; the fields are {known} and the columns of your table"
            ) from None

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the template names."""
        return frozenset(piece.field for piece in self.pieces if piece.field)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the user's table that names are made of."""
        return self.fields - set(FIELDS) | ({self.column} if self.column else set())

    @property
    def unique(self) -> bool:
        """Whether no two tasks can have one name: the file's own begins with what tells each from all others.

        What follows may be cut off, what stands before must be the same for all.
        """
        if self.column:
            return False
        last = self._last_part()
        first, behind = last[0], [*last[1:], _Piece("")][0]
        if len(first.literal.encode()) > LONGEST // 2:
            return False
        if first.field in ("sha256", "url_hash"):
            return not first.spec
        ends = not behind.literal[0].isdigit() if behind.literal else behind.field is None
        return first.field == "index" and not first.spec.endswith("x") and ends

    def owner(self, task: Task, payload: Payload) -> str:
        """Give whose the name of a task's image is: its URL's, or that of its bytes, which all rows with them share."""
        by_content = any(piece.field == "sha256" and not piece.spec for piece in self.pieces)
        return payload.image.sha256 if by_content and not self._cell(task) else task.url

    def known(self, task: Task) -> bool:
        """Tell whether a task's name is known before its answer has come."""
        return bool(self._cell(task)) or not self.fields & _FROM_ANSWER

    def stem(self, task: Task, payload: Payload | None = None) -> FileName:
        """Give the name of a task's image without suffix; the payload may be missing where the name is ``known``."""
        parts = self._cell(task) or _parts(self._filled(task, payload)) or [f"{task.index:06d}"]
        return join(parts if len(parts) > 1 else [*self._fan(task.index), *parts])

    def namer(self) -> Callable[[Task, Payload], FileName]:
        """Give ``stem``, or where names are numbers alone, what gives the same in a third of the time."""
        piece, *more = self.pieces
        digits = piece.field == "index" and not piece.literal and _DIGITS.fullmatch(piece.spec)
        if more or self.column or not digits:
            return self.stem

        def number(task: Task, _: Payload) -> FileName:
            name = format(task.index, piece.spec)
            return FileName("/".join([*above, name]) if (above := self._fan(task.index)) else name)

        return number

    def remark(self, last: int) -> str | None:
        """Say what a person should know of the names of a job whose last image has this index."""
        if self.fanout != AUTO or last < FLAT or any("/" in piece.literal for piece in self.pieces):
            return None
        return f"from index {FLAT} on images stand in folders of {FAN:,}; --fanout 0 puts all in one"

    def _cell(self, task: Task) -> Sequence[str]:
        if self.column is None or not (parts := _parts(task.columns.get(self.column, "")[: 2 * MOST_TEXT])):
            return ()
        return [*parts[:-1], without_suffix(parts[-1])]

    def _filled(self, task: Task, payload: Payload | None) -> str:
        return "".join(
            f"{piece.literal}{_value(piece.field, task, payload):{piece.spec}}" if piece.field else piece.literal
            for piece in self.pieces
        )

    def _fan(self, index: int) -> Sequence[str]:
        each = int(self.fanout) if self.fanout != AUTO else FAN if index >= FLAT else 0
        return (f"{index // each:05d}",) if each else ()

    def _last_part(self) -> Sequence[_Piece]:
        """Give the pieces of the file's own name, behind the last slash."""
        start, found = 0, list(self.pieces)
        for at, piece in enumerate(found):
            if "/" in piece.literal:
                start, found[at] = at, _Piece(piece.literal.rpartition("/")[2], piece.field, piece.spec)
        return found[start:]


def suffix_of(payload: Payload | None) -> str:
    """Give the suffix of what an answer has brought."""
    return SUFFIX.get(payload.image.format if payload else "", ".bin")


def _pieces(template: str) -> tuple[_Piece, ...]:
    """Read a template; raises ValueError."""
    text = "{original}" if template == "original" else template.removesuffix(".{ext}").rstrip("/")
    pieces = tuple(_checked(*parsed) for parsed in string.Formatter().parse(text))
    if not {piece.field for piece in pieces} - _ALIKE - {None}:
        raise ValueError("all images would have one name, use {index}")
    return pieces


def _checked(literal: str, field: str | None, spec: str | None, conversion: str | None) -> _Piece:
    if field is None:
        return _Piece(literal)
    if not field or field.isdigit():
        raise ValueError("a field must have a name")
    if set(field) & set(".[]") or conversion:
        raise ValueError(f"of {field!r} only the value itself can be taken")
    if field == "url":
        raise ValueError("a URL is no name, use {url_hash}")
    if not (_NUMBER if field == "index" else _TEXT).fullmatch(spec or ""):
        raise ValueError(f"{{{field}}} cannot be written as {spec!r}, use {{index:06d}} or {{{field}:.8}}")
    return _Piece(literal, field, spec or "")


def _value(field: str, task: Task, payload: Payload | None) -> str | int:
    """Give the value of a field; slashes in it make no folders, those of the template do."""
    found = _FIELDS[field](task, payload) if field in _FIELDS else task.columns.get(field, "")
    return found if isinstance(found, int) else found[:MOST_TEXT].replace("/", "_")


def _parts(text: str) -> Sequence[str]:
    if "/" not in text:
        return [text] if text.strip() not in ("", ".") else []
    return [part for part in text.split("/") if part.strip() not in ("", ".")]


def _last(url: str) -> str:
    """Give the last part of a URL's path, decoded."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _stem(url: str) -> str:
    last = _last(url)
    return safe((last.rpartition(".")[0] if "." in last else last) or "image")
