"""Lists as people bring them."""

import gzip
import io
import itertools
from pathlib import Path

import pytest

from downloader.errors import InputError
from downloader.model import Line
from downloader.settings import Intake
from downloader.sources import jsonarray
from downloader.sources.files import Lists
from downloader.sources.jsonarray import read_json
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
    assert list(read_text(io.BytesIO(TEXT), "urls.txt", Intake())) == [
        Line("http://h.example/a.jpg", "urls.txt:2"),
        Line("http://h.example/a,b c.jpg?x=1,2", "urls.txt:4"),
        Line("http://h.example/한글.jpg", "urls.txt:6"),
        Line("http://h.example/caf\udce9.jpg", "urls.txt:7"),
        Line("http://h.example/#part", "urls.txt:8"),
        Line("http://h.example/last.jpg", "urls.txt:9"),
    ]


def test_json_lines() -> None:
    """Objects with a URL, bare strings, and what is neither: that stands for itself, to fail as a bad URL."""
    first = b'{"url": "http://h.example/a", "code": "dns", "label": 7, "none": null}'
    text = first + b'\n\n"http://h.example/b"\n{"no": 1}\nnonsense\n'
    assert list(read_jsonl(io.BytesIO(text), "f.jsonl", Intake())) == [
        Line("http://h.example/a", "f.jsonl:1", {"code": "dns", "label": "7"}),
        Line("http://h.example/b", "f.jsonl:3"),
        Line("no URL: no string under 'url' in {\"no\": 1}", "f.jsonl:4", {"no": "1"}),
        Line("nonsense", "f.jsonl:5"),
    ]


def test_lists_come_in_their_order(tmp_path: Path) -> None:
    """URLs given directly come first, then each list, read by its suffix."""
    (tmp_path / "one.txt").write_text("http://h.example/1\n")
    (tmp_path / "two.jsonl").write_text('{"url": "http://h.example/2"}\n')
    (tmp_path / "three").write_text("http://h.example/3\n")
    names = [str(tmp_path / name) for name in ("one.txt", "two.jsonl", "three")]
    urls = [line.url for line in Lists(["http://h.example/0"], names)]
    assert urls == [f"http://h.example/{n}" for n in range(4)]


def test_a_missing_list_is_told_at_once(tmp_path: Path) -> None:
    """Nothing is fetched from the first list when the second is not there."""
    with pytest.raises(InputError, match=r"there is no list '.*gone\.txt'"):
        Lists(["http://h.example/0"], [str(tmp_path / "gone.txt")])


def test_an_unreadable_list_is_told(tmp_path: Path) -> None:
    """A file that is gone when its turn comes is an error in one line."""
    (tmp_path / "urls.txt").touch()
    lists = Lists((), [str(tmp_path / "urls.txt")])
    (tmp_path / "urls.txt").unlink()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(lists)


ARRAY = b"""["http://h.example/a", {"URL": "http://h.example/b", "label": "x", "score": 0.5, "tags": ["\\u00e9"]},
 {"url": 7}, 8, null, [], {}, "", {"url": "http://h.example/c", "label": null}]"""


def test_json_arrays() -> None:
    """Each entry is a line with its position; one without a URL tells what it is and stops nothing."""
    got = list(read_json(io.BytesIO(ARRAY), "l.json", Intake()))
    assert got[:2] == [
        Line("http://h.example/a", "l.json:[0]"),
        Line("http://h.example/b", "l.json:[1]", {"label": "x", "score": "0.5", "tags": '["é"]'}),
    ]
    assert [line.url for line in got[2:]] == [
        "no URL: no string under 'url' in {\"url\": 7}",
        "no URL: neither a string nor an object: 8",
        "no URL: neither a string nor an object: null",
        "no URL: neither a string nor an object: []",
        "no URL: no string under 'url' in {}",
        "",
        "http://h.example/c",
    ]
    assert [line.place for line in got] == [f"l.json:[{n}]" for n in range(9)]
    assert got[-1].columns == {}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"url": "http://h/"}', "holds no array but dict"),
        (b'"http://h/"', "holds no array but str"),
        (b'["a",', "is no JSON: .* in line 1"),
        (b'{"url": "a"}\n{"url": "b"}\n', "--input-format jsonl"),
        (b"[" * 100_000, "is no JSON that can be read"),
        (b"[" + b"9" * 5000 + b"]", "is no JSON that can be read"),
        (b'["\xff"]', "is no JSON that can be read"),
    ],
)
def test_what_is_no_array(data: bytes, said: str) -> None:
    """It is told in one line that names the list."""
    with pytest.raises(InputError, match=said) as error:
        list(read_json(io.BytesIO(data), "l.json", Intake()))
    assert "'l.json'" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_array_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer is not read whole, and JSON lines are named instead."""
    monkeypatch.setattr(jsonarray, "MOST", 100)
    assert list(read_json(io.BytesIO(b" " * 98 + b"[]"), "l.json", Intake())) == []
    file = io.BytesIO(b" " * 1000)
    with pytest.raises(InputError, match=r"longer than .*\.jsonl"):
        list(read_json(file, "l.json", Intake()))
    assert file.tell() == 101


def test_failures_come_back_without_what_was_added() -> None:
    """A line of failed.jsonl is known by its fields, whatever --url-col says; a user's own "code" is a column."""
    failure = b'{"label": "x", "url": "http://h/a", "index": 1, "code": "dns", "detail": "d", "http_status": null, '
    text = failure + b'"attempts": 2}\n{"image": "http://h/b", "url": "http://page/", "code": "K7"}\n'
    assert list(read_jsonl(io.BytesIO(text), "f.jsonl", Intake(url_col="image"))) == [
        Line("http://h/a", "f.jsonl:1", {"label": "x"}),
        Line("http://h/b", "f.jsonl:2", {"url": "http://page/", "code": "K7"}),
    ]


FORMATS = {
    "a.txt": b"http://h/1\n",
    "b.csv": b"url\nhttp://h/2\n",
    "c.TSV": b"id\turl\n0\thttp://h/3\n",
    "d.json": b'["http://h/4"]',
    "e.jsonl": b'"http://h/5"\n',
    "f.csv.gz": gzip.compress(b"url\nhttp://h/6\n"),
    "g.txt.GZ": gzip.compress(b"http://h/7\n"),
    "h.jsonl": gzip.compress(b'"http://h/8"\n'),
}


def test_a_folder_of_lists(tmp_path: Path) -> None:
    """Each list in it is read by its suffix, in the order of the names; all else is passed over."""
    for name, data in FORMATS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "README").write_text("http://h/no\n")
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / ".hidden.txt").write_text("http://h/no\n")
    (tmp_path / "z.txt").mkdir()
    assert [line.url for line in Lists((), [str(tmp_path)])] == [f"http://h/{n}" for n in range(1, 9)]


def test_a_format_that_is_named_holds_for_all(tmp_path: Path) -> None:
    """Whatever the names end in, a folder's too; gzip is still known by its bytes."""
    (tmp_path / "part-0").write_bytes(b"url\nhttp://h/1\n")
    (tmp_path / "part-1.txt").write_bytes(gzip.compress(b"url\nhttp://h/2\n"))
    lists = Lists((), [str(tmp_path)], Intake(input_format="csv"))
    assert [line.url for line in lists] == ["http://h/1", "http://h/2"]


def test_what_is_surely_no_list_is_told_at_once(tmp_path: Path) -> None:
    """An empty folder, and suffixes of formats that are not read."""
    (tmp_path / "picture.jpg").touch()
    with pytest.raises(InputError, match=r"holds no list: none of its files ends in \.txt, \.csv"):
        Lists((), [str(tmp_path)])
    (tmp_path / "table.parquet").touch()
    with pytest.raises(InputError, match=r"lists in \.parquet cannot be read: write txt, csv"):
        Lists((), [str(tmp_path / "table.parquet")])


@pytest.mark.parametrize(
    ("skip", "limit", "expected"),
    [(0, 0, "0123456789"), (3, 0, "3456789"), (0, 4, "0123"), (3, 4, "3456"), (8, 4, "89"), (9, 10**30, "9")],
)
def test_lines_are_counted_after_they_are_expanded(tmp_path: Path, skip: int, limit: int, expected: str) -> None:
    """First --skip, then --limit, over all lists together."""
    (tmp_path / "a.txt").write_text("# begins\nhttp://h/[0:3]\nhttp://h/[4:6]\n")
    (tmp_path / "b.txt").write_text("http://h/[7:9]\n")
    lists = Lists((), [str(tmp_path)], Intake(expand=True, skip=skip, limit=limit))
    assert "".join(line.url[-1] for line in lists) == expected


def test_a_list_that_is_passed_over_is_told(tmp_path: Path) -> None:
    """Not as an empty one."""
    for skip in (1, 10**30):
        with pytest.raises(InputError, match=f"--skip {skip} passes over the whole list"):
            list(Lists(["http://h/"], (), Intake(skip=skip)))


def test_a_limit_ends_the_reading() -> None:
    """What stands behind is not read: an endless list with a limit has an end."""
    endless = (f"http://h/{n}" for n in itertools.count())
    assert len(list(Lists(endless, (), Intake(limit=5)))) == 5
    assert next(endless) == "http://h/5"
