"""Chunked framing, read strictly, in whatever pieces it comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import BadReply
from downloader.policy.chunked import MAX_LINE, Chunked
from downloader.policy.fields import HEADER_LINES

GOOD = b'4\r\nWiki\r\n6;name="v"\r\npedia \r\n0E\r\nin \r\n\r\nchunks.\r\n0\r\nX-Trailer: yes\r\n\r\n'
BODY = b"Wikipedia in \r\n\r\nchunks."


def read(*pieces: bytes) -> tuple[bytes, bool]:
    """Give the data of a body that comes in pieces, and whether its end has come."""
    chunked = Chunked()
    return b"".join(data for piece in pieces for data in chunked.feed(piece)), chunked.whole


@given(st.lists(st.integers(0, len(GOOD)), max_size=30))
def test_any_cut_gives_the_same(cuts: list[int]) -> None:
    """Wherever the network cuts it, line ends and sizes included."""
    at = [0, *sorted(cuts), len(GOOD)]
    assert read(*(GOOD[one:other] for one, other in pairwise(at))) == (BODY, True)


@pytest.mark.parametrize("end", range(len(GOOD)))
def test_a_part_is_not_whole(end: int) -> None:
    """Nothing short of the last line end is the end."""
    data, whole = read(GOOD[:end])
    assert BODY.startswith(data)
    assert not whole


@pytest.mark.parametrize(
    "wire",
    [
        b"4\nWiki\r\n0\r\n\r\n",
        b"-4\r\nWiki",
        b"+4\r\nWiki",
        b"0x4\r\nWiki",
        b"4_0\r\n",
        b" 4\r\nWiki",
        b"\r\n",
        b"g\r\n",
        b"1234567890abcdef0\r\n",
        b"4;a\x00b\r\n",
        b"4\r\nWikipedia",
        b"4\r\nWiki\n\r0\r\n\r\n",
        b"0\r\nno colon\r\n\r\n",
        b"0\r\nX: y\n\r\n",
        b"0\r\n" + b"X: y\r\n" * (HEADER_LINES + 1),
        b"4" * (MAX_LINE + 1),
        b"0\r\nX: " + b"y" * (MAX_LINE + 1),
        b"0\r\n\r\nHTTP/1.1 200 OK",
    ],
)
def test_what_is_no_chunk_is_refused(wire: bytes) -> None:
    """In one piece, and byte by byte."""
    for pieces in ([wire], [wire[at : at + 1] for at in range(len(wire))]):
        with pytest.raises(BadReply):
            read(*pieces)
