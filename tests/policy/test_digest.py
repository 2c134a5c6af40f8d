"""Digests as tables name them."""

import hashlib

import pytest

from downloader.errors import HashMismatch, Truncated
from downloader.policy.digest import Digest, read_digest
from tests.policy.test_exchange import JPEG, exchange, lengths

SHA256 = hashlib.sha256(JPEG).hexdigest()
MD5 = hashlib.md5(JPEG, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHA256, Digest("sha256", SHA256)),
        (SHA256.upper(), Digest("sha256", SHA256)),
        (f" sha256:{SHA256}\n", Digest("sha256", SHA256)),
        (f"SHA256:{SHA256.upper()}", Digest("sha256", SHA256)),
        (MD5, Digest("md5", MD5)),
        (f"MD5:{MD5}", Digest("md5", MD5)),
        ("", None),
        (" \t", None),
    ],
)
def test_digests_are_read(text, expected):
    """Any case, with or without its name, told apart by the length; an empty cell is not checked."""
    assert read_digest(text) == expected


@pytest.mark.parametrize(
    "text",
    ["x", "0", SHA256[:-1], SHA256 + "0", MD5 + "0", f"md5:{SHA256}", f"sha256:{MD5}", f"sha1:{'0' * 40}", "0" * 40,
     "g" * 64, "sha256:", "٣" * 32, SHA256 + " x"],
)  # fmt: skip
def test_what_is_no_digest_fails_the_line(text):
    """It says how to write one, and is no sign of the host."""
    with pytest.raises(HashMismatch, match="is no hash: write 64 hexadecimal digits") as error:
        read_digest(text)
    assert not error.value.met_host
    assert HashMismatch("x").met_host


@pytest.mark.parametrize("good", [SHA256, MD5])
@pytest.mark.parametrize("cuts", [1, 100, 10_000])
def test_a_body_is_held_to_its_digest(good, cuts):
    """However the body comes in, it is taken with its own digest and refused with any other."""
    for text in (good, good[::-1]):
        attempt = exchange()
        attempt.expected = read_digest(text)
        attempt.start(200, lengths(JPEG))
        for start in range(0, len(JPEG), cuts):
            attempt.feed(JPEG[start : start + cuts])
        if text == good:
            assert attempt.finish().image.sha256 == SHA256
            continue
        with pytest.raises(HashMismatch) as error:
            attempt.finish()
        assert f"is {good[:12]}…, the list says {text[:12]}…" in error.value.detail
        assert text not in error.value.detail


def test_what_is_cut_is_cut():
    """A body that is not whole is asked again, and not held against its digest."""
    attempt = exchange()
    attempt.expected = read_digest("0" * 64)
    attempt.start(200, lengths(JPEG))
    attempt.feed(JPEG[:-1])
    with pytest.raises(Truncated):
        attempt.finish()
