"""Ranges in URLs."""

import itertools

import pytest

from downloader.errors import BadUrl
from downloader.model import Line
from downloader.policy.address import normalise
from downloader.sources.expand import expanded


def spread(url: str) -> list[str]:
    """Give what a URL stands for."""
    return [line.url for line in expanded([Line(url, "l:1", {"k": "v"})])]


GOOD = {
    "img_[1:3].jpg": ["img_1.jpg", "img_2.jpg", "img_3.jpg"],
    "[08:11]": ["08", "09", "10", "11"],
    "[001:2]": ["001", "002"],
    "[9:10]": ["9", "10"],
    "[0:100:50]": ["0", "50", "100"],
    "[1:4:2]": ["1", "3"],
    "[5:5]": ["5"],
    "[a:d]": list("abcd"),
    "[A:G:3]": list("ADG"),
    "[1:2]/[a:b]": ["1/a", "1/b", "2/a", "2/b"],
    "no brackets": ["no brackets"],
    "a[0].jpg?x[]=1&y[k]=2": ["a[0].jpg?x[]=1&y[k]=2"],
    "[1:2]a[0]": ["1a[0]", "2a[0]"],
    "a[1:2": ["a[1:2"],
    "a]1:2[": ["a]1:2["],
    "http://[::1]/[1:2]": ["http://[::1]/1", "http://[::1]/2"],
    "http://[1:2:3:4:5:6:7:8]:80/": ["http://[1:2:3:4:5:6:7:8]:80/"],
    "//user@[fe80::1]/": ["//user@[fe80::1]/"],
    "http://img[1:2].example/": ["http://img1.example/", "http://img2.example/"],
    "http://[1:2].example/": ["http://1.example/", "http://2.example/"],
    "http://h/[1:2]?at=//[::1]": ["no URL: "],
}

BAD = {
    "http://h/[5:1].jpg": "counts to nowhere",
    "http://h/[1:5:0].jpg": "counts to nowhere",
    "http://h/[a:Z].jpg": "is none",
    "http://h/[a:10].jpg": "is none",
    "http://h/[:].jpg": "is none",
    "http://h/[1:].jpg": "is none",
    "http://h/[-1:2].jpg": "is none",
    "http://h/[٣:٤].jpg": "is none",
    "http://h/[aa:zz].jpg": "is none",
    f"http://h/[0:{'9' * 19}].jpg": "is none",
    "http://h/" + "[0:1]" * 9: "more than 8 ranges",
}


@pytest.mark.parametrize("url", GOOD)
def test_ranges(url: str) -> None:
    """Each end is included, zeros stand before as in the first, and other brackets stay."""
    assert [each[: len("no URL: ")] if each.startswith("no URL") else each for each in spread(url)] == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_bad_ranges_are_lines_that_fail(url: str) -> None:
    """They say what is wrong, and nothing of them is asked for."""
    [said] = spread(url)
    with pytest.raises(BadUrl, match=BAD[url]):
        normalise(said)


def test_place_and_columns_are_the_lines_own() -> None:
    """They go with each URL that a line stands for."""
    assert list(expanded([Line("h/[1:2]", "l:1", {"k": "v"})])) == [
        Line("h/1", "l:1", {"k": "v"}), Line("h/2", "l:1", {"k": "v"})
    ]  # fmt: skip


def test_nothing_is_made_before_its_turn() -> None:
    """A range of any length begins at once, and so does one of many."""
    lines = expanded([Line("http://h/[1:99999999999]/[0:999999999999999999]")])
    assert [line.url for line in itertools.islice(lines, 2)] == ["http://h/1/0", "http://h/1/1"]
