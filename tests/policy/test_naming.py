"""Safe file names."""

import posixpath
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import BadUrl, UsageError
from downloader.model import Task
from downloader.policy.address import normalise
from downloader.policy.naming import LONGEST, around, check_template, name_of, safe


def named(url, template="{stem}", suffix=".jpg", index=7):
    """Name a task's image."""
    return name_of(Task(index, url), template, suffix)


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
        ("a. .", "a"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("a\0b\x1fc\x7fd\x85e", "a_b_c_d_e"),
        ('<>:"|?*', "_______"),
        ("C:evil", "C_evil"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("a\u061cb", "a_b"),
        ("a\u200bb\ufeffc\u2028d", "a_b_c_d"),
        ("a\udc80b", "a_b"),
        ("con", "_con"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("com1", "_com1"),
        ("lpt¹", "_lpt¹"),
        ("console", "console"),
        ("com10", "com10"),
        ("-con", "_con"),
        ("a" * 300, "a" * LONGEST),
        ("é" * 200, "é" * (LONGEST // 2)),
        ("a" + "é" * 200, "a" + "é" * (LONGEST // 2 - 1)),
        ("a" * (LONGEST - 1) + ".jpg", "a" * (LONGEST - 1)),
    ],
)
def test_parts_are_made_safe(part, expected):
    """No traversal, control or bidi characters, no reserved, hidden or option-like names."""
    assert safe(part) == expected


@given(st.text(st.one_of(st.sampled_from(" .-_/\\:con\u0301\u200b\0é"), st.characters()), max_size=300))
def test_safe_is_idempotent_and_safe(part):
    """Any text becomes a name every file system takes, and such a name stays as it is."""
    name = safe(part)
    assert safe(name) == name
    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\\0<>:"|?*\n\r\t')
    assert name[0] not in ".- "
    assert name[-1] not in ". "
    assert len(name.encode()) <= LONGEST


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com/a/photo.jpg", "photo.jpg"),
        ("http://example.com/photo", "photo.jpg"),
        ("http://example.com/id/237/200", "200.jpg"),
        ("http://example.com/a.tar.gz", "a.tar.jpg"),
        ("http://example.com/", "image.jpg"),
        ("http://example.com/a/", "image.jpg"),
        ("http://example.com/.jpg", "image.jpg"),
        ("http://example.com/a%20b.png?x=/c.gif", "a b.jpg"),
        ("http://example.com/gr%C3%BCn.jpg", "grün.jpg"),
        ("http://example.com/%FF.jpg", "\ufffd.jpg"),
        ("http://example.com/a%2Fb.jpg", "a_b.jpg"),
        ("http://example.com/..%2F..%2Fetc%2Fpasswd.jpg", "_._.._etc_passwd.jpg"),
        ("http://example.com/%2e%2e.jpg", "_.jpg"),
        ("http://example.com/a%00b.jpg", "a_b.jpg"),
        ("http://example.com/con.jpg", "_con.jpg"),
    ],
)
def test_stems_come_from_the_last_part_of_the_path(url, expected):
    """The stem is the URL's own file name without its suffix, made safe."""
    assert named(url) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{index:06d}", "000007.jpg"),
        ("{index}", "7.jpg"),
        ("{host}/{stem}", "example.com/photo.jpg"),
        ("{host}/{index:06d}-{stem}", "example.com/000007-photo.jpg"),
        ("a/b/{index}", "a/b/7.jpg"),
        ("/etc/{index}", "etc/7.jpg"),
        ("../../{index}", "_/_/7.jpg"),
        ("./{index}", "7.jpg"),
        ("a//{index}", "a/7.jpg"),
        ("{index}/", "7.jpg"),
        ("{index}.", "7.jpg"),
        (".{index}", "_7.jpg"),
        ("{stem[0]}{index}", "p7.jpg"),
    ],
)
def test_templates_are_filled(template, expected):
    """A template names files and folders, all of them below the output folder."""
    check_template(template)
    assert named("http://example.com/x/photo.png", template) == expected


@pytest.mark.parametrize(
    "template",
    [
        "",
        "photo",
        "{host}",
        "{",
        "}",
        "{}",
        "{0}",
        "{url}",
        "{index:q}",
        "{index.real.x}",
        "{stem:d}",
        "{stem!x}",
        "{{index}}",
    ],
)
def test_templates_that_cannot_name_every_image_are_refused(template):
    """A template must be readable and tell images apart; the refusal names the fields or the remedy."""
    with pytest.raises(UsageError, match=r"--name cannot be .*index"):
        check_template(template)


LETTERS = st.one_of(st.sampled_from("./\\%-_ :éあ\u202e\u0301"), st.characters())
TEMPLATES = st.text(st.sampled_from("ab./\\- é"), max_size=8).map("{}{{stem}}-{{index}}".format)


def inside(name):
    """Tell whether a name stays in its folder."""
    return posixpath.normpath(posixpath.join("/out", name)) == f"/out/{name}"


@given(
    path=st.text(LETTERS, max_size=300),
    template=st.one_of(TEMPLATES, st.sampled_from(["{stem}", "{host}/{stem}", "../{stem}/{stem}", "{index:06d}"])),
    suffix=st.sampled_from([".jpg", ".webp", ""]),
)
def test_no_name_leaves_its_folder(path, template, suffix):
    """Whatever URL and template bring, each part fits a file system and the name stays below the folder."""
    try:
        url = normalise(f"http://example.com/{path}")
    except BadUrl:
        return
    name = named(url, template, suffix)
    for each in (name, around(name, url)):
        assert inside(each)
        assert each.endswith(suffix)
        assert all(0 < len(part.encode()) <= 255 for part in each.split("/"))
    *above, last = name.split("/")
    assert [safe(part) for part in above] == above
    assert safe(last.removesuffix(suffix)) == last.removesuffix(suffix)


@pytest.mark.parametrize("letter", ["a", "é", "あ", "😀"])
@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ""])
def test_long_names_are_cut_before_their_suffix(letter, suffix):
    """A name fits with its suffix, and still does when it goes around another."""
    name = named(normalise(f"http://example.com/{letter * 300}.png"), suffix=suffix)
    assert name.endswith(suffix)
    assert LONGEST - 4 < len(name.encode()) <= LONGEST
    assert len(around(name, "http://example.com/").encode()) <= 255


def test_around_goes_around():
    """The name beside is the same in every run, differs by URL, and keeps folder and suffix."""
    first = around("a.b/photo.jpg", "http://example.com/1")
    assert first == around("a.b/photo.jpg", "http://example.com/1")
    assert first != around("a.b/photo.jpg", "http://example.com/2")
    assert first.startswith("a.b/photo-")
    assert first.endswith(".jpg")
    assert around("a.b/photo", "u").startswith("a.b/photo-")
    assert len(around("a" * LONGEST, "u").encode()) <= 255
