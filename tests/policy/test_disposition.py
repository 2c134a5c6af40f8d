"""The file name that an answer tells of itself."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from downloader.model import Image
from downloader.policy.disposition import file_name
from downloader.policy.exchange import Exchange
from downloader.settings import Limits
from tests.support import images


def wire(text: str) -> str:
    """Give raw UTF-8 as HTTP libraries do: each byte a character."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 6266 §5
        ("Attachment; filename=example.html", "example.html"),
        ('INLINE; FILENAME= "an example.html"', "an example.html"),
        ("attachment; filename*= UTF-8''%e2%82%ac%20rates", "€ rates"),
        ("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "€ rates"),
        ("attachment; filename*=utf-8''%e2%82%ac%20rates; filename=\"EURO rates\"", "€ rates"),
        # RFC 5987 §3.2.2
        ("attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates"),
        ("attachment; filename*=UTF-8'de-DE'gr%C3%BCn.jpg", "grün.jpg"),
        # quoted strings
        (r'attachment; filename="a \"quoted\" one.jpg"', 'a "quoted" one.jpg'),
        (r'attachment; filename="f\oo.jpg"', "foo.jpg"),
        ('attachment; filename="semi;colon=x.jpg"', "semi;colon=x.jpg"),
        ('attachment; x="; filename=no.jpg"; filename=yes.jpg', "yes.jpg"),
        ('attachment; filename="never closed.jpg', "never closed.jpg"),
        # as servers write it
        ("attachment; filename=two words.jpg", "two words.jpg"),
        ("filename=no-type.jpg", "no-type.jpg"),
        ("attachment;filename=a.jpg;filename=b.jpg", "a.jpg"),
        ("attachment; filename*=UTF-8''; filename=a.jpg", "a.jpg"),
        ("attachment; filename*=\"UTF-8''quoted%20too.jpg\"", "quoted too.jpg"),
        (wire('attachment; filename="grün 猫.jpg"'), "grün 猫.jpg"),
        ('attachment; filename="gr\xfcn.jpg"', "grün.jpg"),
        ('attachment; filename="=?UTF-8?B?Z3LDvG4uanBn?="', "grün.jpg"),
        ('attachment; filename="=?utf-8?Q?gr=C3=BCn.jpg?="', "grün.jpg"),
        ('attachment; filename="50%25.jpg"', "50%25.jpg"),
        # folders are stripped
        ("attachment; filename=/etc/passwd", "passwd"),
        ("attachment; filename=../../x.jpg", "x.jpg"),
        (r'attachment; filename="C:\pictures\new.jpg"', "new.jpg"),
        (r'attachment; filename="\\\\server\\share\\x.jpg"', "x.jpg"),
        ("attachment; filename*=UTF-8''..%2f..%2fx.jpg", "x.jpg"),
        # nonsense is passed over
        ("", ""),
        ("attachment", ""),
        ("attachment; filename", ""),
        ("attachment; filename=", ""),
        ('attachment; filename=""', ""),
        ("attachment; filename=..", ""),
        ("attachment; filename=a/", ""),
        ("attachment; filename*=UTF-8''%ff%fe; filename=a.jpg", "a.jpg"),
        ("attachment; filename*=UTF-8''%ff", ""),
        ("attachment; filename*=klingon''x.jpg", ""),
        ("attachment; filename*=x.jpg", ""),
        ("attachment; filename*0=a; filename*1=b", ""),
        ('attachment; filename="=?klingon?B?Zg==?="', "=?klingon?B?Zg==?="),
        ("attachment; xfilename=a.jpg", ""),
        (";;;===;;", ""),
    ],
)
def test_values(value, expected):
    """The standards' own examples, what servers write instead, and what means nothing."""
    assert file_name([value]) == expected


def test_several_headers():
    """The first that tells a name holds, but the extended form goes before any plain one."""
    assert file_name(["inline", "attachment; filename=a.jpg", "attachment; filename=b.jpg"]) == "a.jpg"
    assert file_name(["attachment; filename=a.jpg", "attachment; filename*=utf-8''b.jpg"]) == "b.jpg"
    assert file_name([]) == ""


PIECES = [
    "filename=",
    "filename*=",
    '"',
    "\\",
    "'",
    ";",
    "UTF-8''",
    "%e2",
    "=?utf-8?B?",
    "?=",
    "=?",
    "../",
    "a.jpg",
    "\xe9",
]


@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(st.characters(max_codepoint=255))), max_size=20).map("".join)
)
@example('filename="' + "\\" * 60_000)
@example(";filename=" * 6_000)
@example("=?utf-8?Q?" * 6_000)
def test_no_header_is_an_error(value):
    """Whatever comes gives a text without folders, and soon: as much as a head may hold takes no second."""
    begin = time.process_time()
    found = file_name([value, f"attachment; {value}"])
    assert not set(found) & set("/\\")
    assert time.process_time() - begin < 2.0


def test_the_payload_tells_it():
    """The judgement of an answer hands the name on, that of the last hop."""

    class Body:
        def write(self, data):
            pass

        def close(self):
            return b""

    exchange = Exchange("http://h.example/a", Limits(), 0.0, Body(), time.time)
    exchange.start(302, [("Location", "/b"), ("Content-Disposition", "attachment; filename=no.jpg")])
    exchange.start(200, [("content-disposition", "attachment; filename=yes.jpg")])
    exchange.feed(images.jpeg())
    told = exchange.finish()
    assert isinstance(told.image, Image)
    assert told.original == "yes.jpg"
