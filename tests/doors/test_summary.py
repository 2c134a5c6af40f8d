"""What a person reads at the end."""

from pathlib import Path

import pytest

from downloader.cli.summary import next_step, summary_lines
from downloader.model import Report

WHERE = Path("my images")


def test_the_summary_names_causes_and_the_next_command() -> None:
    """Saved, skipped, failed by code with advice, bytes, rate, and what to type."""
    report = Report(
        WHERE, saved=8, skipped=1, failed={"not-found": 2, "dns": 1}, transient=1, fetched=8, bytes=2_500_000,
        seconds=4.0, seconds_at_work=10.0, lines=12,
    )  # fmt: skip
    lines = summary_lines(report, report.exit_status())
    assert lines[0] == "saved 8 of 12, skipped 1, failed 3 (2.5 MB in 4.0 s, 2.0 images/s)"
    assert lines[1].split()[:2] == ["2", "not-found"]
    assert lines[2].split()[:2] == ["1", "dns"]
    assert lines[-1] == "next: downloader retry 'my images' --code dns"


def test_remarks_stand_before_the_next_command() -> None:
    """What else a person should know is told as it is."""
    lines = summary_lines(Report(WHERE, failed={"dns": 1}, transient=1, remarks=("look in 00010",)), 4)
    assert lines[-2:] == ["look in 00010", "next: downloader retry 'my images'"]


@pytest.mark.parametrize(("waited", "named"), [(8.0, True), (2.0, False), (0.9, False)])
def test_dns_is_named_where_it_limited_the_run(waited: float, named: bool) -> None:
    """More than a third of the time at work spent on look-ups is said, and how to have more of them at once."""
    report = Report(WHERE, saved=9, fetched=9, seconds=4.0, seconds_at_work=10.0, seconds_in_dns=waited)
    assert any("DNS limited this run" in line for line in summary_lines(report, 0)) == named


@pytest.mark.parametrize(
    ("failed", "transient", "status", "step"),
    [
        ({"dns": 3}, 3, 5, "check the network and its proxy, then: downloader retry 'my images'"),
        ({"busy": 3}, 3, 4, "downloader retry 'my images'"),
        ({"too-large": 1, "gone": 1}, 0, 3, "downloader retry 'my images' --code too-large --max-bytes 1G"),
        ({"gone": 1}, 0, 3, "downloader status 'my images'"),
        ({}, 0, 0, ""),
    ],
)
def test_each_end_has_its_next_step(failed: dict[str, int], transient: int, status: int, step: str) -> None:
    """The command to type is the one that can help."""
    assert next_step(Report(WHERE, failed=failed, transient=transient), status) == step
