"""Two hundred hosts that all ask for a rest: each gets it, and in the end every image is saved."""

from pathlib import Path

import pytest

from tests.doors.running import finish, getting, start, write_list
from tests.support.storm import Storm
from tests.support.watching import LINUX, Watched

HOSTS = 200
EACH = 6
REST = 5
MOST_MEMORY = 150 << 20


@LINUX
@pytest.mark.parametrize("engine", ["thread", "async", "curl"])
def test_a_storm_over_many_hosts(tmp_path: Path, engine: str) -> None:
    """No host is asked in its rest, all images are saved without haste, and memory stays flat."""
    with Storm(HOSTS, REST) as server:
        urls = [server.url(host, number) for number in range(EACH) for host in range(HOSTS)]
        options = ["--engine", engine, "--jobs", 64, "--timeout", 30]
        process = start(*getting(write_list(tmp_path / "urls.txt", urls), tmp_path / "images", *options))
        with Watched(process) as memory:
            ran = finish(process)
        assert (ran.status, ran.summary["saved"]) == (0, HOSTS * EACH), ran.err
        assert len(server.rested) == HOSTS  # it was a storm
        assert server.late == []
        assert ran.summary["seconds"] < 30
        assert 0 < memory.peak < MOST_MEMORY
