"""The lists a person names: files by their suffix, folders of them, ``-`` for stdin, and URLs given one by one."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from downloader import registry
from downloader.errors import InputError
from downloader.model import Line
from downloader.settings import Intake
from downloader.sources.expand import expanded
from downloader.sources.opening import opened

STDIN = "-"


class Lists:
    """Goes through URLs given directly, then through each list in turn."""

    def __init__(self, urls: Iterable[str] = (), lists: Sequence[str] = (), intake: Intake | None = None) -> None:
        """Take URLs and names of lists and folders; raises InputError for one that is not there or cannot be a list."""
        self._intake = intake or Intake()
        self._urls = urls
        self._lists: list[str] = []
        for name in lists:
            with _translated(name):
                self._lists += _found(name, self._intake)

    def __iter__(self) -> Iterator[Line]:
        """Go through all lines once; raises InputError where a list cannot be read."""
        return chosen(self._all(), self._intake)

    def _all(self) -> Iterator[Line]:
        for number, url in enumerate(self._urls, start=1):
            yield Line(url, f"argument {number}")
        for name in self._lists:
            with _translated(name):
                yield from self._read(name)

    def _read(self, name: str) -> Iterator[Line]:
        format_, packed = _format(name, self._intake)
        read = registry.reader(format_)
        if name == STDIN:
            yield from read(opened(sys.stdin.buffer, "stdin"), "stdin", self._intake)
            return
        with Path(name).open("rb") as file:
            yield from read(opened(file, _shown(name), packed=packed), _shown(name), self._intake)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"the list {name!r} cannot be read: {error.strerror or error}; mend that, or give another list"
        ) from error


def chosen(lines: Iterable[Line], intake: Intake) -> Iterator[Line]:
    """Go through the lines that are wanted: ranges spread where that is asked, then --skip, then --limit.

    Raises InputError behind the last line when all were passed over.
    """
    spread = expanded(lines) if intake.expand else iter(lines)
    skip = min(intake.skip, sys.maxsize)
    rest = islice(spread, skip, None)
    first = next(rest, None)
    if first is None:
        if skip:
            raise InputError(f"--skip {intake.skip} passes over the whole list")
        return
    yield first
    yield from islice(rest, min(intake.limit, sys.maxsize) - 1 if intake.limit else None)


def _found(name: str, intake: Intake) -> Sequence[str]:
    """Give the lists that a name means: itself, or those in the folder of that name, in the order of their names."""
    path = Path(name)
    if name != STDIN and not path.exists():
        raise InputError(f"there is no list {name!r}: give the path of a file or folder, or '-' for stdin")
    if name == STDIN or not path.is_dir():
        _format(name, intake)
        return [name]
    files = [str(file) for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
    lists = [file for file in files if intake.input_format != "auto" or _suffix(file)[0] in registry.READERS]
    if not lists:
        known = ", ".join(f".{suffix}" for suffix in registry.READERS)
        raise InputError(f"the folder {name!r} holds no list: none of its files ends in {known}, or .gz behind it")
    return lists


def _format(name: str, intake: Intake) -> tuple[str, bool]:
    """Give the format of a list, and whether its name says that it is gzip; raises InputError for what is no list."""
    suffix, packed = _suffix(name)
    if intake.input_format != "auto":
        return intake.input_format, packed
    if suffix in registry.UNREAD:
        raise InputError(f"lists in .{suffix} cannot be read: write {', '.join(registry.READERS)}, or .gz of it")
    return suffix if suffix in registry.READERS else "txt", packed


def _suffix(name: str) -> tuple[str, bool]:
    *rest, last = ["", *Path(name).name.lower().split(".")[1:]]
    return (rest[-1], True) if last == "gz" else (last, False)


def _shown(name: str) -> str:
    return Path(name).name.encode("utf-8", "backslashreplace").decode()
