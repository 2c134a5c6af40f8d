"""A host that bears ten requests at once and only says no to more is kept busy, and hardly annoyed."""

from pathlib import Path

import pytest

from tests.doors.running import finish, getting, start, write_list
from tests.support.storm import Bounded
from tests.support.watching import LINUX

BEARS = 10
IMAGES = 700
LATENCY = 0.15
WITHIN = 0.2
"""How far the mean may be from what the host bears, as a share of it."""

MOST_REFUSALS = 0.1
"""Of all requests."""


@LINUX
@pytest.mark.parametrize(
    ("engine", "status"),
    [
        ("thread", "503 Service Unavailable"),
        ("async", "429 Too Many Requests"),
        ("curl", "503 Service Unavailable"),
    ],
)
def test_a_limit_that_nobody_told_is_found(tmp_path: Path, engine: str, status: str) -> None:
    """As many are under way as the host bears, on the mean of the second half, and few are refused on the way there."""
    with Bounded(BEARS, status, LATENCY) as server:
        urls = [server.url(0, number) for number in range(IMAGES)]
        crew = ["--engine", engine, "--jobs", 32, "--per-host", 32, "--backoff", "0.1:1"]
        ran = finish(start(*getting(write_list(tmp_path / "urls.txt", urls), tmp_path / "images", *crew)))
    assert (ran.status, ran.summary["saved"]) == (0, IMAGES), ran.err
    mean = server.mean_under_way(IMAGES // 2, IMAGES - 2 * BEARS)  # the last few leave it idle
    assert abs(mean - BEARS) <= WITHIN * BEARS
    assert server.refusals <= MOST_REFUSALS * server.hits
