"""The index of images that are alike, against comparing each with each."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downloader.manifest.lookalikes import Lookalikes
from downloader.measures import MOST_BITS
from downloader.model import Image, Work
from downloader.policy.likeness import Likeness, named, named_in

CENTRES = st.sampled_from((0, (1 << 64) - 1, 0x0123456789ABCDEF, 1 << 63))


@st.composite
def near(draw: Any) -> int:
    """Draw a dhash that differs in up to twenty bits from one of a few."""
    flips = draw(st.sets(st.integers(0, 63), max_size=20))
    return draw(CENTRES) ^ sum(1 << place for place in flips)


def distance(one: int, other: int) -> int:
    """Count the bits in which two dhashes differ."""
    return (one ^ other).bit_count()


@settings(max_examples=80)
@given(
    st.lists(near(), min_size=1, max_size=25, unique=True), st.integers(0, MOST_BITS), st.randoms(), st.integers(0, 9)
)
def test_the_lowest_that_is_alike(tmp_path_factory: Any, dhashes: list[int], bits: int, chance: Any, known: int):
    """Whatever order images come in, some of them in an earlier run, none that is near enough is missed."""
    likeness = Likeness("dhash", bits)
    order = list(range(len(dhashes)))
    chance.shuffle(order)
    before, later = order[:known], order[known:]
    index = Lookalikes(tmp_path_factory.mktemp("index") / "lookalikes.sqlite", likeness)
    index.load((each, f"{dhashes[each]:016x}", None, f"{each}.jpg") for each in before)
    came = set(before)
    for each in later:
        came.add(each)
        alike = min(other for other in came if distance(dhashes[each], dhashes[other]) <= bits)
        assert index.enter(each, likeness.key(f"{dhashes[each]:016x}")) == alike
        if alike == each:
            index.keep(each, f"{each}.jpg")
        else:
            index.follow(each)
        changed = {change.index for page in index.outdone(each) for change in page if change.first == each}
        assert all(distance(dhashes[each], dhashes[other]) <= bits and other > each for other in changed)
    index.close()


def test_images_without_a_key_are_like_none(tmp_path: Path):
    """What has no fingerprint is kept and changes nothing."""
    index = Lookalikes(tmp_path / "lookalikes.sqlite", Likeness("dhash", 4))
    index.load([(0, None, None, "a/0.jpg")])
    assert index.enter(1, None) == 1
    index.keep(1, "a/0.png")
    assert list(index.outdone(1)) == []
    assert sorted(index.siblings("a/0.gif")) == ["a/0.jpg", "a/0.png"]
    assert index.siblings("0.jpg") == []
    index.close()


def test_the_file_lives_no_longer_than_the_run(tmp_path: Path):
    """It is removed at the end, and at the start where a crash has left one."""
    path = tmp_path / "lookalikes.sqlite"
    path.write_bytes(b"left by a crash")
    index = Lookalikes(path, Likeness("sha256"))
    index.load([])
    assert index.enter(0, b"\0" * 32) == 0
    index.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "likeness"), [("sha256", Likeness("sha256")), ("dhash", Likeness("dhash")),
                                                ("dhash:4", Likeness("dhash", 4))])  # fmt: skip
def test_settings_are_read(text: str, likeness: Likeness):
    """Without bits every bit must be the same."""
    assert Likeness.of(text) == likeness


def test_the_sha256_is_the_sources():
    """Work on an image does not change what it is known by; without work its bytes are the source's."""
    plain = Image(1, "ab" * 32, "jpeg", "http://h.example/")
    worked_on = Image(1, "ab" * 32, "jpeg", "http://h.example/", work=Work("cd" * 32, 1, 1, 1, 1, (), {}))
    assert Likeness("sha256").key_of(plain) == b"\xab" * 32
    assert Likeness("sha256").key_of(worked_on) == b"\xcd" * 32
    assert Likeness("dhash").key_of(plain) is Likeness("dhash").key_of(worked_on) is None


@given(st.integers(0, 1 << 62))
def test_a_detail_is_read_back(index: int):
    """The index stands in it; other texts hold none."""
    assert named_in(named(index)) == index
    assert (
        named_in(None)
        is named_in("the same URL as index 3")
        is named_in("like index x")
        is named_in(str(index))
        is None
    )
