"""A job's limits over its processes."""

import pytest

from downloader.errors import UsageError
from downloader.policy.division import divided, processes
from downloader.settings import Settings


@pytest.mark.parametrize("among", [2, 3, 7])
def test_what_all_may_do_together_is_what_was_asked(among: int) -> None:
    """Whole numbers are divided without a rest, rates as they are."""
    asked = Settings.of(jobs=16, dns_jobs=9, look_ahead=1000, rate="10/s", limit_rate="5M", workers=8)
    parts = [each.flat() for each in divided(asked, among)]
    for name in ("jobs", "dns_jobs", "look_ahead", "limit_rate", "workers"):
        assert sum(part[name] for part in parts) == asked.flat()[name], name
        assert max(part[name] for part in parts) - min(part[name] for part in parts) <= 1, name
    assert sum(part["rate"] for part in parts) == pytest.approx(10)


def test_what_is_no_limit_stays_none() -> None:
    """Zero is not divided, nor what finds itself."""
    parts = [each.flat() for each in divided(Settings(), 3)]
    for name in ("rate", "limit_rate", "per_host", "workers"):
        assert {part[name] for part in parts} == {Settings().flat()[name]}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"processes": 1}, (1, "")),
        ({"processes": "auto"}, (4, "")),
        ({"processes": 9}, (9, "")),
        ({"processes": 9, "jobs": 3}, (3, "--processes 3 instead of 9: --jobs 3 cannot be divided further")),
        ({"processes": "auto", "dns_jobs": 2}, (2, "--processes 2: --dns-jobs 2 cannot be divided further")),
        ({"processes": 4, "workers": 2}, (4, "")),
        (
            {"processes": 4, "workers": 2, "process": "decode"},
            (2, "--processes 2 instead of 4: --workers 2 cannot be divided further"),
        ),
        (
            {"processes": "auto", "engine": "sequential"},
            (1, "--processes 1: --engine sequential asks for one image after another"),
        ),
    ],
)
def test_how_many_share_a_job(asked: dict[str, object], expected: tuple[int, str]) -> None:
    """As many as asked for, but no more than the smallest limit; and what comes of "auto" on four cores."""
    assert processes(Settings.of(**asked), 4) == expected


@pytest.mark.parametrize("alone", [{"dedupe": "sha256"}, {"engine": "sequential"}])
def test_work_that_cannot_be_shared_is_refused(alone: dict[str, object]) -> None:
    """In one line that says why."""
    with pytest.raises(UsageError, match=r"--processes cannot be 2: --(dedupe|engine sequential) .*; leave it out"):
        processes(Settings.of(processes=2, **alone), 4)
