"""What a host bears is not exceeded, and when it asks for a rest all leave it alone."""

import time
from pathlib import Path
from typing import Any

import pytest

from downloader import Report, download
from tests.cluster.mixed import Even
from tests.support.storm import Storm, answer
from tests.support.watching import LINUX

pytestmark = LINUX


def fetched(folder: Path, urls: list[str], **changes: Any) -> Report:
    """Run a list in three processes."""
    chosen = {"engine": "async", "processes": 3, "jobs": 60, "allow_private": True, "netrc": "none"}
    return download(urls, folder, **chosen | changes)


@pytest.mark.parametrize(
    ("limit", "changes"),
    [
        (8, {"per_host": 8}),
        (2, {"per_host": 2}),
        (1, {"per_host": 1}),
        (5, {"per_host": 0, "host_rule": "127.0.2.1=5"}),
    ],
)
def test_one_host_over_all_processes(tmp_path: Path, limit: int, changes: dict[str, Any]) -> None:
    """It is split, and yet never has more requests under way than it may, as the host itself counts."""
    count = 150 if limit == 1 else 600
    with Even(hosts=1, latency=0.01) as server:
        report = fetched(tmp_path, [server.url(0, number) for number in range(count)], **changes)
        assert report.saved == count
        assert server.most["127.0.2.1"] == limit


def test_all_jobs_are_used_at_one_host(tmp_path: Path) -> None:
    """Without a limit of its own a host is asked by all processes, and all together keep to --jobs."""
    with Even(hosts=1, latency=0.05) as server:
        report = fetched(tmp_path, [server.url(0, number) for number in range(2000)], per_host=0)
        assert report.saved == 2000
        assert 40 < server.most["127.0.2.1"] <= 60


def test_many_hosts_keep_their_limits(tmp_path: Path) -> None:
    """Hosts that are one process's each, as hosts that are split."""
    with Even(hosts=30, latency=0.02) as server:
        urls = [server.url(number % 30 if number % 3 else 0, number) for number in range(1500)]
        report = fetched(tmp_path, urls, per_host=3)
        assert report.saved == 1500
        assert max(server.most.values()) == server.most["127.0.2.1"] == 3


def test_a_rate_is_kept_together(tmp_path: Path) -> None:
    """--host-rate of a host that is split: no second sees more starts than it allows."""
    with Even(hosts=1) as server:
        report = fetched(tmp_path, [server.url(0, number) for number in range(300)], host_rate="100/s", per_host=0)
        assert report.saved == 300
        starts = sorted(server.starts["127.0.2.1"])
    seconds = starts[-1] - starts[0]
    assert seconds > 2.9 - 0.5
    assert len(starts) / seconds < 115


def test_a_limit_that_is_sought_is_sought_by_one(tmp_path: Path) -> None:
    """--per-host auto: a single host is one process's, whose measurements nobody disturbs."""
    with Even(hosts=1, latency=0.005) as server:
        report = fetched(tmp_path, [server.url(0, number) for number in range(600)], per_host="auto")
        assert report.saved == 600
        assert server.most["127.0.2.1"] <= 20  # the jobs of one


class Tiring(Even):
    """Asks once for a rest of four seconds when it has answered so many, and notes who asks in it."""

    def __init__(self) -> None:
        super().__init__(hosts=1, latency=0.02)
        self.rests_since = 0.0
        self.late: list[float] = []

    def judged(self, host: str, number: int) -> bytes:
        """Answer, or ask for a rest."""
        now = time.monotonic()
        if not self.rests_since and sum(self.asked.values()) > 300:
            self.rests_since = now
        if self.rests_since and now - self.rests_since < 4:
            # What was on its way, and the word from one process to the others, take a moment.
            if now - self.rests_since > 1.5:
                self.late.append(now - self.rests_since)
            return answer(b"", "429 Too Many Requests", "Retry-After: 4")
        return super().judged(host, number)


def test_a_rest_is_all_processes_rest(tmp_path: Path) -> None:
    """One hears "429, Retry-After" first, and all leave the host alone."""
    with Tiring() as server:
        report = fetched(tmp_path, [server.url(0, number) for number in range(800)], per_host=12, retries=10)
        assert report.saved == 800
        assert server.rests_since
        assert server.late == []


def test_a_storm_over_many_hosts(tmp_path: Path) -> None:
    """Hosts that are one process's each need no word between processes."""
    with Storm(60, 4) as server:
        urls = [server.url(host, number) for number in range(5) for host in range(60)]
        report = fetched(tmp_path, urls, timeout=30)
        assert (report.saved, len(server.rested), server.late) == (300, 60, [])
