"""Telling formats apart, and whole bodies from cut ones."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.policy import formats
from downloader.policy.formats import Ending, sniff
from tests.policy.splits import split
from tests.support import images


def ftyp(brand, *compatible, size=None):
    """Make an ISO base media file's first box."""
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4 if size is None else size) + body


BODIES = {"jpeg": images.jpeg(), "png": images.png(), "gif": images.gif(), "webp": images.webp()}

KNOWN = [
    *BODIES.items(),
    *((name, images.head(name)) for name in images.HEADS),
    ("gif", b"GIF87a" + bytes(20)),
    ("tiff", b"MM\0*" + bytes(20)),
    ("tiff", b"II+\0" + bytes(20)),
    ("tiff", b"MM\0+" + bytes(20)),
    ("jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20)),
    ("avif", ftyp(b"avis")),
    ("avif", ftyp(b"mif1", b"mif1", b"avif")),
    ("heic", ftyp(b"mif1", b"mif1", b"heic")),
    ("heic", ftyp(b"msf1", b"hevc")),
    ("heic", ftyp(b"mif1")),
    ("heic", ftyp(b"heix")),
    *(("bmp", b"BM" + struct.pack("<IHHII", 100, 0, 0, 54, size)) for size in (12, 40, 108, 124)),
]

UNKNOWN = [
    b"",
    b"\xff\xd8",
    b"<!doctype html><html>",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b'{"error": "no"}',
    b"BMW makes cars, and this is a text about them",
    b"BM" + bytes(40),
    b"RIFF\x24\0\0\0WAVEfmt ",
    b"GIF88a",
    b"\x89PNG\n\x1a\n",
    b"%PDF-1.7",
    b"PK\x03\x04",
    ftyp(b"isom", b"isom", b"mp42"),
    ftyp(b"qt  "),
    ftyp(b"isom", b"avif"),
    b" \xff\xd8\xff\xe0",
]


@pytest.mark.parametrize(("name", "body"), KNOWN)
def test_formats_are_told_by_their_first_bytes(name, body):
    """Each format is known by its head, and the first 64 bytes are enough."""
    assert sniff(body).name == name
    assert sniff(body[:64]).name == name


@pytest.mark.parametrize("body", UNKNOWN)
def test_other_bytes_are_of_no_format(body):
    """Pages, texts, films and broken heads are no images."""
    assert sniff(body) is None


@pytest.mark.parametrize("size", [0, 8, 15, 17, 0xFFFFFFFF])
def test_a_lying_box_size_is_survived(size):
    """A first box that lies about its length is read no further than it is there."""
    assert sniff(ftyp(b"avif", b"mif1", size=size)).name == "avif"
    assert sniff(ftyp(b"isom", size=size)) is None


@given(st.binary(max_size=80))
def test_sniffing_never_fails(head):
    """Any bytes are of a known format or of none."""
    found = sniff(head)
    assert found is None or formats.SUFFIX[found.name] == found.suffix


def reached(chunks, name="jpeg"):
    """Feed an Ending, and ask it."""
    ending = Ending()
    for chunk in chunks:
        ending.feed(chunk)
    return ending.reached(sniff(BODIES[name]))


@pytest.mark.parametrize("name", BODIES)
def test_whole_bodies_reach_their_end(name):
    """A whole body of each format with an end mark is seen as whole, also with padding behind it."""
    assert reached([BODIES[name]], name)
    assert reached([BODIES[name], bytes(300)], name)


@pytest.mark.parametrize("name", BODIES)
def test_cut_bodies_do_not(name):
    """A body cut anywhere is seen as cut."""
    body = BODIES[name]
    for cut in range(20, len(body) - 1):
        # A GIF's end is a semicolon, which its pixels may hold too: nothing tells these cuts from an end.
        if name != "gif" or not body[:cut].rstrip(b"\0").endswith(b";"):
            assert not reached([body[:cut]], name), cut


@pytest.mark.parametrize("size", [60_000, 66_000, 131_072, 140_000, 300_000, 1_000_000])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_large_cut_jpegs_are_seen_as_cut(size, share):
    """A photo of any size that lacks its end is cut, however much of it came."""
    body = images.jpeg(size)
    assert not reached([body[: int(size * share)]])
    assert not reached([body[:-2]])
    assert reached([body])


@pytest.mark.parametrize("name", ["jpeg", "png"])
@pytest.mark.parametrize("behind", [10, 60_000, 70_000, 200_000])
def test_data_behind_the_end_is_allowed(name, behind):
    """Cameras append films and maps behind the picture, of any size."""
    assert reached([BODIES[name], b"film" * (behind // 4)], name)


def with_thumbnail():
    """Make a JPEG whose first segment holds a whole JPEG."""
    body, small = images.jpeg(), images.jpeg(seed=2)
    segment = b"\xff\xe1" + struct.pack(">H", len(small) + 2) + small
    return body[:2] + segment + body[2:]


def test_a_thumbnails_end_is_not_the_pictures():
    """A JPEG cut behind the thumbnail it carries is cut."""
    body = with_thumbnail()
    behind = body.index(b"\xff\xd9") + 2
    for cut in range(behind, len(body) - 1):
        assert not reached([body[:cut]]), cut
    assert reached([body])


def test_fill_bytes_before_a_marker_are_skipped():
    """A marker may be preceded by any number of 0xFF (ITU T.81 §B.1.1.2)."""
    body = with_thumbnail()
    filled = body[:2] + b"\xff\xff\xff" + body[2:]
    assert reached([filled])
    assert not reached([filled[: filled.index(b"\xff\xd9") + 10]])


def test_formats_without_an_end_mark_end_well():
    """What has no end mark cannot be told to be cut."""
    ending = Ending()
    ending.feed(images.head("bmp"))
    assert ending.reached(sniff(images.head("bmp")))


@given(data=st.data(), name=st.sampled_from(sorted(BODIES)))
def test_any_split_gives_the_same_verdict(data, name):
    """Where the network cuts the body makes no difference to what is seen."""
    body = BODIES[name] + data.draw(st.sampled_from([b"", b"\0" * 9, b"tail" * 9]))
    body = body[: data.draw(st.integers(0, len(body)))]
    assert reached(data.draw(split(body)), name) == reached([body], name)
