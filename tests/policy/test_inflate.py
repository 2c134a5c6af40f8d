"""Inflating in bounded steps."""

import gzip as gz
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.policy.inflate import STEP, Corrupt, gzip, zlib_or_raw
from tests.policy.splits import split


def raw_deflate(data, level=6):
    """Compress without any header."""
    stream = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


CODINGS = {
    "gzip": (gzip, lambda data: gz.compress(data, mtime=0)),
    "gzip with a name": (
        gzip,
        lambda data: b"\x1f\x8b\x08\x08\0\0\0\0\0\xffa.jpg\0" + gz.compress(data, mtime=0)[10:],
    ),
    "zlib": (zlib_or_raw, zlib.compress),
    "zlib, fast": (zlib_or_raw, lambda data: zlib.compress(data, 1)),
    "raw": (zlib_or_raw, raw_deflate),
    "raw, stored": (zlib_or_raw, lambda data: raw_deflate(data, 0)),
}
TEXT = b"the same again and " * 5000


def inflated(inflater, chunks):
    """Feed all chunks and give what comes."""
    return b"".join(data for chunk in chunks for data in inflater.feed(chunk))


@pytest.mark.parametrize("coding", CODINGS)
def test_codings_inflate(coding):
    """Each coding gives the bytes back and sees its end."""
    make, compress = CODINGS[coding]
    inflater = make()
    assert inflated(inflater, [compress(TEXT)]) == TEXT
    assert inflater.eof


@pytest.mark.parametrize("coding", CODINGS)
@given(data=st.data())
def test_any_split_gives_the_same_bytes(coding, data):
    """Where the network cuts the stream makes no difference, padding behind its end included."""
    make, compress = CODINGS[coding]
    body = data.draw(st.binary(max_size=300))
    wire = compress(body) + data.draw(st.sampled_from([b"", b"\0", b"\0" * 20, b"junk"]))
    inflater = make()
    assert inflated(inflater, data.draw(split(wire))) == body
    assert inflater.eof


@given(data=st.data())
def test_members_follow_each_other_however_they_are_split(data):
    """Several gzip members are one body, also when one ends where a chunk does."""
    bodies = data.draw(st.lists(st.binary(max_size=40), min_size=2, max_size=4))
    padding = data.draw(st.sampled_from([b"", b"\0\0\0\0", b"\x1f", b"\x1fx"]))
    wire = b"".join(gz.compress(body, mtime=0) for body in bodies) + padding
    inflater = gzip()
    assert inflated(inflater, data.draw(split(wire))) == b"".join(bodies)
    assert inflater.eof


def test_a_member_that_begins_a_chunk_is_not_lost():
    """The second member arrives in a packet of its own."""
    inflater = gzip()
    assert inflated(inflater, [gz.compress(b"one"), gz.compress(b"two")]) == b"onetwo"


@pytest.mark.parametrize("coding", CODINGS)
@given(data=st.data())
def test_a_cut_stream_has_no_end(coding, data):
    """A stream that lacks bytes is not at its end, and what came is a beginning of the whole."""
    make, compress = CODINGS[coding]
    body = data.draw(st.binary(min_size=1, max_size=300))
    wire = compress(body)
    cut = wire[: data.draw(st.integers(0, len(wire) - 1))]
    inflater = make()
    assert body.startswith(inflated(inflater, data.draw(split(cut))))
    assert not inflater.eof


def test_raw_data_that_resembles_zlib_is_raw():
    """The first byte may look like zlib's: the second tells (RFC 1950 §2.2)."""
    stored = b"\x08" + (3).to_bytes(2, "little") + (3 ^ 0xFFFF).to_bytes(2, "little") + b"abc" + b"\x03\0"
    assert stored[0] == zlib.compress(b"")[0] & 15
    inflater = zlib_or_raw()
    assert inflated(inflater, [stored]) == b"abc"
    assert inflater.eof


def test_a_second_member_that_is_cut_has_no_end():
    """The end of the first member is not the end of the body once a second has begun."""
    inflater = gzip()
    inflated(inflater, [gz.compress(b"one") + gz.compress(b"two")[:-5]])
    assert not inflater.eof


@pytest.mark.parametrize("coding", ["gzip", "zlib", "raw"])
def test_a_bomb_comes_in_steps(coding):
    """A small input gives many bounded pieces, and those not asked for are not made."""
    make, compress = CODINGS[coding]
    pieces = make().feed(compress(bytes(50 * STEP)))
    sizes = [len(next(pieces)) for _ in range(3)]
    assert sizes == [STEP] * 3
    assert sum(map(len, pieces)) == 47 * STEP


@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP])
@pytest.mark.parametrize("coding", ["gzip", "zlib", "raw"])
def test_the_end_is_seen_on_every_edge(coding, size):
    """A body that fills its last step exactly still sees its end; no piece is empty or too long."""
    make, compress = CODINGS[coding]
    inflater = make()
    pieces = list(inflater.feed(compress(bytes(size))))
    assert sum(map(len, pieces)) == size
    assert all(0 < len(piece) <= STEP for piece in pieces)
    assert inflater.eof


def test_what_zlib_holds_back_is_asked_for():
    """With all input taken and a step full, zlib may still hold the rest of a match: it is not lost."""
    for size in range(STEP + 10, STEP + 60):
        inflater = zlib_or_raw()
        assert len(inflated(inflater, [raw_deflate(bytes(size))])) == size
        assert inflater.eof


@pytest.mark.parametrize(
    ("make", "wire"),
    [
        (gzip, b"\xff\xd8\xff\xe0 a jpeg, in truth"),
        (gzip, gz.compress(TEXT, mtime=0)[:30] + b"\xff" * 60),
        (gzip, gz.compress(TEXT, mtime=0)[:-8] + bytes(8)),
        (zlib_or_raw, zlib.compress(TEXT)[:-4] + bytes(4)),
        (zlib_or_raw, b"\xff\xd8\xff\xe0 a jpeg, in truth"),
    ],
)
def test_corrupt_streams_are_told(make, wire):
    """A stream that is not what it says, or fails its checksum, raises."""
    with pytest.raises(Corrupt):
        inflated(make(), [wire])
