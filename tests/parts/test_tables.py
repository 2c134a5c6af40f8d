"""Tables as people and programs write them."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest

from downloader.errors import InputError
from downloader.model import Line
from downloader.settings import Intake
from downloader.sources.opening import opened
from downloader.sources.rows import MOST
from downloader.sources.table import MOST_COLUMNS, read_csv, read_tsv

A, B, C = (f"http://h.example/{name}.jpg" for name in "abc")

Read = Callable[[BinaryIO, str, Intake], Iterator[Line]]


def lines(text: str | bytes, read: Read = read_csv, **intake: object) -> list[tuple[str, int, dict[str, str]]]:
    """Give URL, line number and columns of each line."""
    data = text.encode() if isinstance(text, str) else text
    found = read(opened(io.BytesIO(data), "t.csv"), "t.csv", Intake(**intake))
    return [(line.url, int(line.place.removeprefix("t.csv:")), dict(line.columns)) for line in found]


TABLES = {
    "plain": (f"id,url,label\n1,{A},cat\n2,{B},\n", [
        (A, 2, {"id": "1", "label": "cat"}), (B, 3, {"id": "2", "label": ""})
    ]),
    "one column": (f"url\n{A}\n{B}", [(A, 2, {}), (B, 3, {})]),
    "any case": (f"URL\n{A}\n", [(A, 2, {})]),
    "byte order mark": (f"\ufeffurl,id\n{A},1\n", [(A, 2, {"id": "1"})]),
    "UTF-16": (f"url,id\n{A},é\n".encode("utf-16"), [(A, 2, {"id": "é"})]),
    "UTF-16, big end first": (b"\xfe\xff" + f"url,id\n{A},é\n".encode("utf-16-be"), [(A, 2, {"id": "é"})]),
    "CRLF": (f"url,id\r\n{A},1\r\n{B},2\r\n", [(A, 2, {"id": "1"}), (B, 3, {"id": "2"})]),
    "lone CR": (f"url,id\r{A},1\r{B},2\r", [(A, 2, {"id": "1"}), (B, 3, {"id": "2"})]),
    "semicolons": (f'id;url\n1;"{A}?a,b,c"\n', [(f"{A}?a,b,c", 2, {"id": "1"})]),
    "semicolons and more commas": (f"a,b,c,d;url\n1;{A}\n", [(A, 2, {"a,b,c,d": "1"})]),
    "tabs": (f"id\turl\n1\t{A}\n", [(A, 2, {"id": "1"})]),
    "blank lines": (f"\n\n  \nurl,id\n\n{A},1\n   \n\n", [(A, 6, {"id": "1"})]),
    "quotes": (f'"url","say"\n"{A}","a ""b"", c"\n', [(A, 2, {"say": 'a "b", c'})]),
    "breaks in quotes": (
        f'url,say\n{A},"one\r\ntwo\n\nthree"\n{B},x\n', [(A, 2, {"say": "one\r\ntwo\n\nthree"}), (B, 6, {"say": "x"})]
    ),
    "quotes never closed": (f'url,say\n{A},"one\n{B},two\n', [(A, 2, {"say": '"one'}), (B, 3, {"say": "two"})]),
    "quotes in the middle": (f'url,say\n{A},5" disk\n', [(A, 2, {"say": '5" disk'})]),
    "text behind quotes": (f'url,say\n{A},"a" b\n{B},c\n', [(A, 2, {"say": '"a" b'}), (B, 3, {"say": "c"})]),
    "too few cells": (f"id,url,label\n1,{A}\n", [(A, 2, {"id": "1"})]),
    "too many cells": (f"id,url\n1,{A},x,y\n", [(A, 2, {"id": "1", "3": "x", "4": "y"})]),
    "no such cell": ("id,url\n7\n", [("no URL: column 'url' is empty in '7'", 2, {"id": "7"})]),
    "an empty cell": ("id,url\n7, \n", [("no URL: column 'url' is empty in '7, '", 2, {"id": "7"})]),
    "nothing but commas": ("id,url\n,\n", [("no URL: column 'url' is empty in ','", 2, {"id": ""})]),
    "names twice": (
        f"a,url,a,url,,a.2\n1,{A},2,{B},3,4\n", [(A, 2, {"a": "1", "a.2": "2", "url.2": B, "5": "3", "a.2.2": "4"})]
    ),
    "names with spaces": (f" id , url \n1, {A}\n", [(f" {A}", 2, {"id": "1"})]),
    "NUL": (f"url,say\n{A},{'x' * 70_000}\n{B},y\n{C},\0\n", [
        (A, 2, {"say": "x" * 70_000}), (B, 3, {"say": "y"}), (C, 4, {"say": "\0"})
    ]),
    "bytes that are no UTF-8": (b"url,say\nhttp://h/\xe9,caf\xe9\n", [("http://h/\udce9", 2, {"say": "caf\\xe9"})]),
    "nothing": ("", []),
    "nothing but blank lines": (" \n\n\r\n", []),
    "a header alone": ("url\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    """Each row is a line with its number in the file and every other column; odd ones cost themselves alone."""
    text, expected = TABLES[name]
    assert lines(text) == expected


def test_tabs_are_tabs() -> None:
    """In a .tsv nothing else divides."""
    assert lines(f"a,b;c\turl\n1,2;3\t{A}\n", read_tsv) == [(A, 2, {"a,b;c": "1,2;3"})]


def test_the_column_is_chosen() -> None:
    """By its name, in any case where it is not written so; "url" is then a column like all others."""
    text = f"url,image_url,Image_URL\nhttp://page/,{A},{B}\n"
    assert lines(text, url_col="image_url") == [(A, 2, {"url": "http://page/", "Image_URL": B})]
    assert lines(text, url_col="Image_URL") == [(B, 2, {"url": "http://page/", "image_url": A})]
    assert lines(text, url_col="IMAGE_URL")[0][0] == A


def test_a_table_without_a_header() -> None:
    """Columns go by number, and the first line is a row."""
    assert lines(f"x,{A}\ny,{B}\n", url_col="2") == [(A, 1, {"1": "x"}), (B, 2, {"1": "y"})]
    assert lines(f"1,2\n{A},{B}\n", url_col="2") == [(B, 2, {"1": A})]  # names that are numbers are names


@pytest.mark.parametrize(
    ("text", "intake", "said"),
    [
        (f"id,link\n1,{A}\n", {}, "has no column 'url' but 'id', 'link': choose with --url-col; .* by number"),
        (f"id,url\n1,{A}\n", {"url_col": "3"}, "has no column '3' but 'id', 'url'"),
        (f"id,url\n1,{A}\n", {"url_col": "0"}, "has no column '0'"),
        (f"id,url\n1,{A}\n", {"url_col": "²"}, "has no column '²'"),
        (f"id,url\n1,{A}\n", {"hash_col": "md5"}, "has no column 'md5' but 'id', 'url': choose with --hash-col"),
        (f"x,{A}\n", {"url_col": "2", "hash_col": "3"}, "has no column '3' but '1', '2': choose with --hash-col"),
        ("http://user:secret@h/a.jpg\n", {}, "but 'http://…@h/a.jpg'"),
        ("," * MOST_COLUMNS, {}, f"the most is {MOST_COLUMNS}"),
    ],
)
def test_a_column_that_is_not_there(text: str, intake: dict[str, str], said: str) -> None:
    """One line says which there are and how to choose, and no secret stands in it."""
    with pytest.raises(InputError, match=said) as error:
        lines(text, **intake)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_long_fields_are_kept() -> None:
    """A picture in base64 beside the URL is longer than the module's own limit."""
    long = "x" * (csv.field_size_limit() * 2 if csv.field_size_limit() <= 131_072 else 262_144)
    assert lines(f'url,data\n{A},"{long}"\n{B},{long}\n') == [(A, 2, {"data": long}), (B, 3, {"data": long})]


def test_an_endless_line_is_one_bad_line() -> None:
    """Its beginning and a digest tell it, and the rows around it are read."""
    first, bad, last = lines(f"url\n{A}\n{'x' * 3 * MOST}\n{B}\n")
    assert (first[:2], last[:2]) == ((A, 2), (B, 4))
    assert (bad[1], len(bad[0]) < 300, "bytes" in bad[0]) == (3, True, True)


def test_a_quote_that_swallows_megabytes_costs_its_line() -> None:
    """What a lost quote would make one field of is read again, line by line, with the numbers of the file."""
    count = 2 * MOST // len(A)
    text = f'url,say\n{A},"lost\n' + f"{B},x\n" * count
    found = lines(text)
    assert found[0] == (A, 2, {"say": '"lost'})
    assert found[1:] == [(B, number, {"say": "x"}) for number in range(3, count + 3)]
