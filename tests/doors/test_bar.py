"""The bar's line, in any width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.cli.bar import Standing, bar_line

COUNTS = st.integers(0, 10**8)
STANDINGS = st.builds(
    Standing, done=COUNTS, total=st.none() | COUNTS, failed=COUNTS, images=st.floats(0, 1e6), bytes=st.floats(0, 1e13)
)


def test_the_line_of_a_usual_terminal() -> None:
    """What people look for, in its order."""
    line = bar_line(Standing(1234, 10_000, 3, 120.0, 2.5e6), 79)
    assert line.endswith("1,234/10,000  120.0 images/s  2.5 MB/s  3 failed  0:01:13 left")
    assert line.startswith("[=>")
    assert len(line) == 79


def test_without_an_end_there_is_no_bar() -> None:
    """Until the list has been read nobody knows how much is left."""
    assert bar_line(Standing(1234, None, 0, 120.0, 2.5e6), 79) == "1,234 done  120.0 images/s  2.5 MB/s"


def test_what_matters_least_goes_first() -> None:
    """A narrow terminal keeps the count, then the failures."""
    standing = Standing(1234, 10_000, 3, 120.0, 2.5e6)
    assert bar_line(standing, 25).endswith("1,234/10,000  3 failed")
    assert bar_line(standing, 20).endswith("1,234/10,000")


@given(STANDINGS, st.integers(20, 300))
def test_it_fits(standing: Standing, width: int) -> None:
    """One line of ASCII that no terminal wraps."""
    line = bar_line(standing, width)
    assert len(line) <= width
    assert line.isascii()
    assert line.isprintable()
    assert f"{standing.done:,}" in line or width < 30


@given(st.integers(0, 1000), st.integers(60, 200))
def test_the_bar_is_as_long_as_the_share(done: int, width: int) -> None:
    """To a column."""
    line = bar_line(Standing(done, 1000, 0, 0.0, 0.0), width)
    inside = line[1 : line.index("]")]
    assert abs(inside.count("=") - len(inside) * done / 1000) <= 1


@pytest.mark.parametrize("images", [0.0, 5e-324, 1e-9])
def test_a_rate_of_next_to_nothing_tells_no_time(images: float) -> None:
    """It would be longer than any number."""
    assert "left" not in bar_line(Standing(0, 1, 0, images, 0.0), 120)
