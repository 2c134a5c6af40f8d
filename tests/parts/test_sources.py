"""Lists as people bring them."""

import io
from pathlib import Path

import pytest

from downloader.errors import InputError
from downloader.model import Line
from downloader.registry import reader
from downloader.sources.files import Lists
from downloader.sources.jsonlines import read_jsonl
from downloader.sources.text import read_text

TEXT = (
    b"\xef\xbb\xbf# a list saved on Windows\r\n"
    b"http://h.example/a.jpg\r\n"
    b"\r\n"
    b"   http://h.example/a,b c.jpg?x=1,2  \r\n"
    b"\t# not a URL\n"
    b"http://h.example/\xed\x95\x9c\xea\xb8\x80.jpg\n"
    b"http://h.example/caf\xe9.jpg\n"
    b"http://h.example/#part\n"
    b"http://h.example/last.jpg"
)


def test_plain_lists() -> None:
    """Blank lines and comments are passed over; commas, spaces and any bytes stay in the URL."""
    assert list(read_text(io.BytesIO(TEXT), "urls.txt")) == [
        Line("http://h.example/a.jpg", "urls.txt:2"),
        Line("http://h.example/a,b c.jpg?x=1,2", "urls.txt:4"),
        Line("http://h.example/한글.jpg", "urls.txt:6"),
        Line("http://h.example/caf\udce9.jpg", "urls.txt:7"),
        Line("http://h.example/#part", "urls.txt:8"),
        Line("http://h.example/last.jpg", "urls.txt:9"),
    ]


def test_json_lines() -> None:
    """Objects with a URL, bare strings, and what is neither: that stands for itself, to fail as a bad URL."""
    text = b'{"url": "http://h.example/a", "code": "dns", "label": 7}\n\n"http://h.example/b"\n{"no": 1}\nnonsense\n'
    assert list(read_jsonl(io.BytesIO(text), "f.jsonl")) == [
        Line("http://h.example/a", "f.jsonl:1", {"label": "7"}),
        Line("http://h.example/b", "f.jsonl:3"),
        Line('{"no": 1}', "f.jsonl:4"),
        Line("nonsense", "f.jsonl:5"),
    ]


def test_lists_come_in_their_order(tmp_path: Path) -> None:
    """URLs given directly come first, then each list, read by its suffix."""
    (tmp_path / "one.txt").write_text("http://h.example/1\n")
    (tmp_path / "two.jsonl").write_text('{"url": "http://h.example/2"}\n')
    (tmp_path / "three").write_text("http://h.example/3\n")
    names = [str(tmp_path / name) for name in ("one.txt", "two.jsonl", "three")]
    urls = [line.url for line in Lists(reader, ["http://h.example/0"], names)]
    assert urls == [f"http://h.example/{n}" for n in range(4)]


def test_a_missing_list_is_told_at_once(tmp_path: Path) -> None:
    """Nothing is fetched from the first list when the second is not there."""
    with pytest.raises(InputError, match=r"there is no list '.*gone\.txt'"):
        Lists(reader, ["http://h.example/0"], [str(tmp_path / "gone.txt")])


def test_an_unreadable_list_is_told(tmp_path: Path) -> None:
    """A folder is no list."""
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        list(Lists(reader, (), [str(tmp_path)]))
