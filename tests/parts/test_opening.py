"""What stands between a file and its reader."""

import gzip
import io
import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downloader.errors import InputError
from downloader.registry import READERS, reader
from downloader.settings import Intake
from downloader.sources.files import Lists, chosen
from downloader.sources.lines import bounded
from downloader.sources.opening import CHUNK, opened

LINES = b"".join(b"http://h.example/%d.jpg\n" % number for number in range(20_000))


def urls(data: bytes, name: str, folder: Path) -> list[str]:
    """Give the URLs of a list with this content."""
    (folder / name).write_bytes(data)
    return [line.url for line in Lists((), [str(folder / name)])]


@pytest.mark.parametrize("data", [
    gzip.compress(LINES),
    gzip.compress(LINES[:100]) + gzip.compress(LINES[100:]),
    gzip.compress(LINES) + b"\0" * 512,
    gzip.compress(LINES.decode().encode("utf-16")),
], ids=["one member", "two members", "padded", "UTF-16 within"])  # fmt: skip
def test_gzip_is_taken_off(data: bytes, tmp_path: Path) -> None:
    """By the bytes, whatever the name."""
    for name in ("list.txt.gz", "list.txt", "list.gz"):
        assert len(urls(data, name, tmp_path)) == 20_000


def test_a_cut_or_damaged_gzip_is_told(tmp_path: Path) -> None:
    """What came before is given, then one line names the list and the place."""
    random.seed(1)
    packed = gzip.compress(b"".join(b"http://h.example/%032x.jpg\n" % random.getrandbits(128) for _ in range(20_000)))
    half = len(packed) // 2
    for data, said in (
        (packed[:half], "cut short in line"),
        (packed[:-1], "cut short in line 20001"),
        (packed[:half] + b"\xff" * 64 + packed[half + 64 :], "damaged gzip from line"),
        (packed[:-8] + b"\0" * 8, "damaged gzip from line"),
    ):
        (tmp_path / "list.txt.gz").write_bytes(data)
        found: list[str] = []
        lists = Lists((), [str(tmp_path / "list.txt.gz")])
        with pytest.raises(InputError, match=f"the list 'list.txt.gz' is {said}"):
            found.extend(line.url for line in lists)
        assert len(found) > 8_000


def test_a_name_that_promises_gzip(tmp_path: Path) -> None:
    """A plain file of that name is told, an empty one is empty."""
    with pytest.raises(InputError, match=r"'list.csv.gz' is no gzip, as its name says: take the \.gz off"):
        urls(b"url\nhttp://h/\n", "list.csv.gz", tmp_path)
    assert urls(b"", "list.csv.gz", tmp_path) == []


BINARY = {
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "with a NUL in line 3"),
    "xlsx": (b"PK\x03\x04\x14\0", "is a zip archive or a spreadsheet"),
    "parquet": (b"PAR1abc", "is a parquet file"),
    "xz": (b"\xfd7zXZ\0", "is xz"),
    "zstd": (b"\x28\xb5\x2f\xfdabc", "is zstd"),
    "UTF-16 without its mark": ("http://h/\n".encode("utf-16-le"), "save it as UTF-8"),
    "zeros": (b"\0" * 1000, "NUL in line 1"),
    "packed": (gzip.compress(b"http://h/\n\0"), "NUL in line 2"),
}


@pytest.mark.parametrize("kind", BINARY)
@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.json", "list.jsonl"])
def test_what_is_no_text_is_told(kind: str, name: str, tmp_path: Path) -> None:
    """In one line that names the list."""
    data, said = BINARY[kind]
    with pytest.raises(InputError, match=f"the list '{name}' .*{said}"):
        urls(data, name, tmp_path)


def test_zeros_at_the_end_cost_their_own_line(tmp_path: Path) -> None:
    """As a crash of the machine leaves them: what stands before is read."""
    found = urls(LINES + b"\0" * 100_000, "list.txt", tmp_path)
    assert len(found) == 20_001
    assert found[-2] == "http://h.example/19999.jpg"


def test_lone_carriage_returns_end_lines(tmp_path: Path) -> None:
    """Where no other line ends are; beside others they are the line's own."""
    assert urls(b"http://h/a\rhttp://h/b\r\rhttp://h/c", "list.txt", tmp_path) == [
        "http://h/a",
        "http://h/b",
        "http://h/c",
    ]
    assert urls(b"http://h/a\r\nhttp://h/b\rc\n", "list.txt", tmp_path) == ["http://h/a", "http://h/b\rc"]


def test_a_bomb_meets_a_bound(tmp_path: Path) -> None:
    """A hundred megabytes without a line break, in a hundred kilobytes, are one bad line and little memory."""
    bomb = gzip.compress(b"http://h/" + b"a" * (100 << 20), 9)
    tracemalloc.start()
    try:
        [url] = urls(bomb, "bomb.txt.gz", tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert len(url) < 300


def test_a_slow_pipe_gives_its_lines_at_once() -> None:
    """No reader waits for more than the line it gives."""
    out, in_ = os.pipe()
    with open(out, "rb") as reading, open(in_, "wb", buffering=0) as writing:  # noqa: PTH123
        writing.write(b"http://h/0\n")
        got = bounded(opened(reading, "pipe"), CHUNK)
        for number in range(3):
            assert next(got) == (number + 1, b"http://h/%d\n" % number)
            writing.write(b"http://h/%d\n" % (number + 1))


BITS = st.sampled_from([
    b"url", b"http://h/", b"\n", b"\r\n", b"\r", b",", b";", b"\t", b'"', b'""', b"\0", b"[", b"]", b"{", b"}", b":",
    b'{"url": "http://h/"}', b"1e999", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"[1:9]", b"[9:1]",
    b"[a:c:2]", b"@", b"//", b"null", b"\x1f\x8b", gzip.compress(b"url\nhttp://h/\n"), b" ", b"9" * 5000,
])  # fmt: skip
LISTS = st.one_of(st.binary(max_size=300), st.lists(st.one_of(BITS, st.binary(max_size=4)), max_size=30).map(b"".join))


@pytest.mark.parametrize("format_", READERS)
@settings(max_examples=300, deadline=None)
@given(data=LISTS, packed=st.booleans())
def test_any_bytes_are_a_list_or_an_input_error(format_: str, data: bytes, *, packed: bool) -> None:
    """Nothing else is raised, nothing hangs, and what is kept of a line can be written down."""
    intake = Intake(expand=True, hash_col=None, limit=1000)
    data = gzip.compress(data) if packed else data
    try:
        lines = reader(format_)(opened(io.BytesIO(data), "list"), "list", intake)
        for line in chosen(lines, intake):
            "".join([*line.columns, *line.columns.values(), line.place]).encode()
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way is right
