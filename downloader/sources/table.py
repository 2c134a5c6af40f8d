"""Tables: csv and tsv, a URL a row, every other column carried along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from downloader.errors import InputError
from downloader.model import Line
from downloader.policy.address import NO_URL, masked
from downloader.settings import Intake
from downloader.sources.entries import LONGEST, column_of
from downloader.sources.rows import Rows, decoded

MOST_COLUMNS = 4096


def read_csv(file: BinaryIO, name: str, intake: Intake) -> Iterator[Line]:
    """Go through a table whose header line says what divides its cells: a comma, a semicolon or a tab."""
    return _read(file, name, intake, ",;\t")


def read_tsv(file: BinaryIO, name: str, intake: Intake) -> Iterator[Line]:
    """Go through a table with tabs between its cells."""
    return _read(file, name, intake, "\t")


def _read(file: BinaryIO, name: str, intake: Intake, delimiters: str) -> Iterator[Line]:
    lines = decoded(file)
    first = next((line for line in lines if line[1].strip()), None)
    if first is None:
        return
    rows = Rows(first, lines, _delimiter(first[1], delimiters, intake.url_col))
    if (head := next(rows, None)) is None:
        return
    number, header = head
    shape = _shape(header, name, intake)
    if not shape.has_header:
        yield shape.line(header, f"{name}:{number}")
    for number, row in rows:
        yield shape.line(row, f"{name}:{number}")


@dataclass(frozen=True, slots=True)
class _Shape:
    """The names of a table's columns, and which of them holds the URLs."""

    names: Sequence[str]
    url: str
    has_header: bool = True

    def line(self, row: Sequence[str], place: str) -> Line:
        """Give the line of a row; one without a URL tells so, to fail as a bad URL."""
        names = self.names
        if len(row) > len(names):  # what is beyond the header has its number for a name
            names = _named([*names, *[""] * (len(row) - len(names))])
        cells = dict(zip(names, row, strict=False))
        url = cells.pop(self.url, "")
        columns = {name: cell if cell.isascii() else _plain(cell) for name, cell in cells.items()}
        if not url.strip():
            return Line(f"{NO_URL}column {self.url!r} is empty in {','.join(row)[:LONGEST]!r}", place, columns)
        return Line(url, place, columns)


def _delimiter(header: str, delimiters: str, url_col: str) -> str:
    """Give what divides the header so that a cell of it is the column with the URLs, else what stands in it most."""
    for delimiter in delimiters:
        if url_col.lower() in (cell.strip(' "\r\n').lower() for cell in header.split(delimiter)):
            return delimiter
    return max(delimiters, key=header.count)


def _shape(header: Sequence[str], name: str, intake: Intake) -> _Shape:
    """Say what the first row tells of the columns; raises InputError where it does not name the wanted ones."""
    if len(header) > MOST_COLUMNS:
        raise InputError(f"the table {name!r} has {len(header)} columns: the most is {MOST_COLUMNS}")
    names = _named([_plain(cell.strip()) for cell in header])
    url, numbers = column_of(names, intake.url_col), [str(number) for number in range(1, len(header) + 1)]
    shape = _Shape(names, url)
    if url not in names and url in numbers:
        shape = _Shape(numbers, url, has_header=False)
    for flag, column in (("--url-col", url), ("--hash-col", intake.hash_col)):
        if column and column not in shape.names:
            known = ", ".join(repr(masked(each)[:40]) for each in shape.names[:20])
            hint = "; without a header, columns go by number" if shape.has_header else ""
            raise InputError(f"the table {name!r} has no column {column!r} but {known}: choose with {flag}{hint}")
    return shape


def _named(cells: Sequence[str]) -> Sequence[str]:
    """Give each column a name of its own: its number where it has none, "name.2" for the second of a name."""
    names: dict[str, None] = {}
    for number, cell in enumerate(cells, start=1):
        name, count = cell or str(number), 1
        while (f"{name}.{count}" if count > 1 else name) in names:
            count += 1
        names[f"{name}.{count}" if count > 1 else name] = None
    return list(names)


def _plain(cell: str) -> str:
    """Spell out bytes that are no UTF-8, which the manifest could not hold."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
