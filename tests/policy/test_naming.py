"""Safe file names."""

import posixpath
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.policy.naming import (
    BESIDE,
    DEEPEST,
    LONGEST,
    SUFFIXES,
    around,
    beside,
    flat,
    fold,
    join,
    names,
    safe,
    without_suffix,
)

RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])", re.IGNORECASE)
WORDS = [
    *" .-_/\\:~$",
    "con",
    "nul",
    "COM¹",
    "..",
    ".thumb",
    ".jpg",
    "\u0301",
    "\u0338",
    "\u200b",
    "\0",
    "\x85",
    "\u202e",
]
WORDS += ["\u2067", "\ufeff", "\U000e0041", "\u3000", "é", "\ufb01", "ß", "\u017f", "😀", "한"]
LETTERS = st.characters()
TEXTS = st.one_of(
    st.text(LETTERS, max_size=300), st.lists(st.one_of(st.sampled_from(WORDS), LETTERS), max_size=120).map("".join)
)
"""Texts of all that has ever troubled a file system, and of anything else."""


def check_part(part, room=LONGEST):
    """See that one part of a path is all that the rules ask."""
    assert part not in ("", ".", "..")
    assert unicodedata.is_normalized("NFC", part)
    assert len(part.encode()) <= room
    assert part[0] not in ".- "
    assert part[-1] not in ". "
    assert not set(part) & set('/\\<>:"|?*')
    assert {unicodedata.category(each) for each in part}.isdisjoint({"Cc", "Cs"})
    assert {unicodedata.bidirectional(each) for each in part}.isdisjoint(
        {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    )
    assert not RESERVED.fullmatch(part.split(".")[0].rstrip(" "))


def check_name(stem):
    """See that a name without suffix is all that the rules ask, in every form that files get it in."""
    for each in (stem, around(stem, "http://h.example/"), flat(stem)):
        assert posixpath.normpath(posixpath.join("/out", each)) == f"/out/{each}"
        *above, last = each.split("/")
        assert len("/".join(above).encode()) <= DEEPEST
        for part in above:
            check_part(part)
            assert not part.lower().endswith((*SUFFIXES, ".jsonl"))
        for suffix in (*SUFFIXES, *BESIDE.values()):
            check_part(last + suffix, 255 - len(".part"))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("photo", "photo"),
        ("grün", "grün"),
        (unicodedata.normalize("NFD", "grün"), "grün"),
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        ("...", "_"),
        (". .", "_"),
        (" ", "_"),
        ("-", "_"),
        (".hidden", "_hidden"),
        ("..a", "_.a"),
        ("--help", "help"),
        ("-.x", "_x"),
        ("- a", "a"),
        (" a ", "a"),
        ("\u3000a\xa0", "a"),
        ("a. .", "a"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("a\0b\x1fc\x7fd\x85e", "a_b_c_d_e"),
        ('<>:"|?*', "_______"),
        ("C:evil", "C_evil"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("a\u061cb", "a_b"),
        ("a\u200bb\ufeffc\u2028d\xade\U000e0041f", "a_b_c_d_e_f"),
        ("a\udc80b", "a_b"),
        ("con", "_con"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("nul .gz", "_nul .gz"),
        ("com1", "_com1"),
        ("lpt¹", "_lpt¹"),
        ("conout$", "_conout$"),
        ("console", "console"),
        ("com10", "com10"),
        ("-con", "_con"),
        ("con" + " " * 300 + "x", "_con"),
        ("a" * 300, "a" * LONGEST),
        ("é" * 200, "é" * (LONGEST // 2)),
        ("a" + "é" * 200, "a" + "é" * ((LONGEST - 1) // 2)),
        ("a" * (LONGEST - 1) + ".jpg", "a" * (LONGEST - 1)),
    ],
)
def test_parts_are_made_safe(part, expected):
    """No traversal, control or bidi characters, no reserved, hidden or option-like names."""
    assert safe(part) == expected


@given(TEXTS)
def test_any_text_becomes_a_safe_part(part):
    """Any text becomes a name every file system takes, and such a name stays as it is."""
    name = safe(part)
    check_part(name)
    assert safe(name) == name


@given(st.lists(TEXTS, min_size=1, max_size=12))
def test_any_parts_become_a_safe_name(parts):
    """Folders never look like files, and the path is short enough with all that may follow."""
    check_name(join(parts))


@pytest.mark.parametrize("letter", ["a", "é", "あ", "😀", "e\u0301", "한"])
@pytest.mark.parametrize("before", ["", "x", "xx", "xxx"])
def test_long_names_are_cut_between_characters(letter, before):
    """As long as they may be, with all that may follow, and never more."""
    stem = join([f"{before}{letter * 300}"])
    check_name(stem)
    assert LONGEST - 4 < len(stem.encode()) <= LONGEST
    assert stem == before + unicodedata.normalize("NFC", letter) * (len(stem) - len(before))


def test_each_format_character_that_turns_text_is_replaced():
    """What changes the direction of text unseen (Unicode Bidi_Control) stands in no name, nor does any control."""
    turning = [*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]
    assert {safe(f"a{each}b") for each in [*turning, *map(chr, range(32)), *map(chr, range(0x7F, 0xA0))]} == {"a_b"}


def test_names_that_look_the_same_fold_alike():
    """Each character folds like its other cases and its normal forms, or a file system may take two names for one."""
    wrong = []
    for code in range(sys.maxunicode + 1):
        each = chr(code)
        forms = {each.lower(), each.upper(), each.casefold(), each.title()}
        forms |= {unicodedata.normalize(form, each) for form in ("NFC", "NFD", "NFKC", "NFKD")}
        if forms != {each} and {fold(form) for form in forms} != {fold(each)}:
            wrong.append(each)
    assert wrong == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Photo", "pHOTO"),
        ("straße", "STRASSE"),
        ("Æther/é", "æther/E\u0301"),
        ("ﬁle", "FILE"),
        ("x²", "x2"),
        ("ΜΆΪΟΣ", "μάϊος"),
        ("a.thumb", "A"),
        ("a.thumb.thumb", "a"),
    ],
)
def test_fold(one, other):
    """Names that differ only by case or normalisation are one, and that of a thumbnail is its image's."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a/b", "a_b"), ("e", "é"), ("1", "01"), ("a.thumbs", "a")])
def test_fold_keeps_apart(one, other):
    """What every file system tells apart stays apart."""
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "a"),
        ("a.JPEG", "a"),
        ("a.tif", "a"),
        ("a.php", "a.php"),
        ("v1.2", "v1.2"),
        ("a.jpg.png", "a.jpg"),
        (".jpg", ".jpg"),
        ("jpg", "jpg"),
    ],
)
def test_only_suffixes_of_images_are_taken_off(name, expected):
    """A dot may belong to the name."""
    assert without_suffix(name) == expected


def test_around_goes_around():
    """The name beside is the same in every run, differs by URL, and keeps the folder."""
    first = around("a.b/photo.v2", "http://example.com/1")
    assert first == around("a.b/photo.v2", "http://example.com/1")
    assert first != around("a.b/photo.v2", "http://example.com/2")
    assert re.fullmatch(r"a\.b/photo\.v2-[0-9a-f]{12}", first)


def test_names_never_end():
    """The first is the name itself, and all others differ."""
    found = names("a", "http://example.com/")
    several = [next(found) for _ in range(20)]
    assert several[:2] == ["a", around("a", "http://example.com/")]
    assert len(set(several)) == 20


@pytest.mark.parametrize(
    ("name", "expected"), [("a/b.jpg", "a/b.thumb.webp"), ("a.b/c", "a.b/c.thumb.webp"), ("a.b.png", "a.b.thumb.webp")]
)
def test_beside(name, expected):
    """What goes with an image has its name, and its own suffix."""
    assert beside(name, ".thumb.webp") == expected
