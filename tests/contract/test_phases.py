"""Where the time of an attempt goes: told alike by every engine, and only when somebody asks."""

import socket
import time
from pathlib import Path
from typing import Any

from downloader import Saved
from downloader.job import Job, run_job
from downloader.model import AttemptEnded, Committed, Line, Phases
from downloader.settings import Settings
from tests.contract.conftest import QUICK
from tests.support.hostile import HostileServer, sized
from tests.support.images import jpeg

SLOW = 0.4
BODY = jpeg(300_000, seed=1)


def slow_lookup(host: str, *_: object, **__: object) -> Any:
    """Find every name here, after a while."""
    time.sleep(SLOW)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]


def dawdle(connection, _):
    """Wait before the answer, and in the middle of its body."""
    connection.sleep(SLOW)
    answer = sized(BODY)
    connection.send(answer[:-1000])
    connection.sleep(SLOW)
    connection.send(answer[-1000:])
    return True


def measured(engine: str, folder: Path, *urls: str, measure: bool = True, **settings: Any):
    """Run a job; gives its attempts and its saved images."""
    attempts, saved = [], []

    def observe(event: object) -> None:
        if isinstance(event, AttemptEnded):
            attempts.append(event)
        elif isinstance(event, Committed):
            saved.extend(outcome for outcome in event.outcomes if isinstance(outcome, Saved))

    chosen = Settings.of(**QUICK | {"engine": engine, "output": str(folder), "allow_private": True} | settings)
    run_job(Job([Line(url) for url in urls], chosen, lookup=slow_lookup, measure=measure), None, [observe])
    return attempts, saved


def test_each_phase_has_its_time(engine, hostile: HostileServer, tmp_path: Path):
    """A slow look-up, a slow answer and a slow body are told apart, and nothing counts twice."""
    hostile.scripts = {"/slow.jpg": dawdle}
    url = hostile.url("/slow.jpg").replace("127.0.0.1", "images.example")
    [attempt], [saved] = measured(engine, tmp_path, url)
    phases = attempt.phases
    assert isinstance(phases, Phases)
    for name in ("dns", "first_byte", "body"):
        assert 0.9 * SLOW <= getattr(phases, name) < SLOW + 1.5, name
    assert 0 < phases.connect < 1.5
    assert 0 < phases.check < 1.5
    spent = phases.dns + phases.connect + phases.first_byte + phases.body + phases.check
    assert spent <= attempt.seconds < spent + 1.5
    assert saved.effort.phases is not None
    assert 0 < saved.effort.phases.write < 5


def test_waiting_for_a_place_is_the_queue(engine, hostile: HostileServer, tmp_path: Path):
    """With one permit the second image waits while the first is at work."""
    hostile.scripts = {"/a/*": dawdle}
    attempts, _ = measured(engine, tmp_path, hostile.url("/a/1"), hostile.url("/a/2"), jobs=1)
    first, second = sorted(attempts, key=lambda attempt: attempt.phases.start)
    assert first.phases.queue < second.phases.queue
    assert second.phases.queue >= 1.8 * SLOW


def test_nothing_is_measured_unasked(engine, hostile: HostileServer, tmp_path: Path):
    """No clock is read for it."""
    [attempt], [saved] = measured(engine, tmp_path, hostile.url("/good.jpg"), measure=False)
    assert attempt.phases is None
    assert saved.effort.phases is None


def test_failures_tell_their_phases_too(engine, hostile: HostileServer, tmp_path: Path):
    """Up to where they failed."""
    attempts, _ = measured(engine, tmp_path, hostile.url("/404.jpg"))
    assert attempts[0].phases.first_byte > 0
    assert attempts[0].phases.body == 0
