"""Told to stop, or stopped by the machine: all processes end together, and the manifest is true."""

import os
import pty
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line
from downloader.ports import Control
from downloader.settings import Settings
from tests.cluster.mixed import Even, Heard, children, lives
from tests.doors.running import (
    LIMIT,
    arguments,
    environment,
    files,
    finish,
    get,
    getting,
    limited,
    saved,
    start,
    write_list,
)
from tests.support import images
from tests.support.storm import answer
from tests.support.watching import LINUX, Watched
from tests.works.folder import committed, wait_until

pytestmark = LINUX

CREW = ("--processes", 2, "--jobs", 8, "--per-host", 0, "--engine")
PARALLEL = pytest.mark.parametrize("engine", ["thread", "async"])


def check_true(folder: Path) -> None:
    """Hold the manifest against the files: no image without a row, no row without its image."""
    assert {row["path"] for row in saved(folder)} == files(folder)


def settings(folder: Path, **changes: object) -> Settings:
    """Give settings for jobs that run in this process's children."""
    chosen = {"processes": 2, "engine": "async", "jobs": 8, "per_host": 0, "allow_private": True, "netrc": "none"}
    return Settings.of(**chosen | {"output": folder} | changes)


@PARALLEL
def test_an_interrupt_of_the_whole_group_drains(tmp_path: Path, engine: str) -> None:
    """Ctrl-C on a terminal reaches every process of the group: the parent judges it, and what runs is finished."""
    with Even(hosts=4, latency=0.3) as server:
        urls = [server.url(number % 4, number) for number in range(400)]
        list_of, folder = write_list(tmp_path / "urls.txt", urls), tmp_path / "images"
        process = subprocess.Popen(
            arguments(*getting(list_of, folder, *CREW, engine)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            start_new_session=True,
        )
        heard = Heard(process)
        wait_until(lambda: len(committed(folder)) > 20)
        crew = children(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        ran = heard.end()
        assert ran.status == 130, ran.err
        assert len(crew) == 2
        assert lives(crew) == []
        check_true(folder)
        assert server.hits == len(saved(folder)) == len(ran.outcomes)  # nothing was begun and thrown away
        assert len(saved(folder)) < 400
        again = get(list_of, folder, *CREW, engine)
        assert (again.status, again.summary["saved"], server.hits) == (0, 400, 400)


def test_control_c_on_a_terminal(tmp_path: Path) -> None:
    """Typed twice it leaves at once, and no process stays behind."""
    with Even(hosts=2, latency=0.01) as server:
        server_urls = [server.url(number % 2, number) for number in range(5000)]
        list_of, folder = write_list(tmp_path / "urls.txt", server_urls), tmp_path / "images"
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(  # noqa: S606 - our own interpreter
                arguments()[0], arguments(*getting(list_of, folder, *CREW, "async")), environment()
            )
        reader = threading.Thread(target=_swallow, args=(terminal,), daemon=True)
        reader.start()
        wait_until(lambda: len(committed(folder)) > 20)
        crew = children(pid)
        os.write(terminal, b"\x03")
        time.sleep(0.2)
        os.write(terminal, b"\x03")
        give_up = time.monotonic() + LIMIT
        while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
            assert time.monotonic() < give_up
            time.sleep(0.02)
        assert os.waitstatus_to_exitcode(ended[1]) == 130
        assert (len(crew), lives(crew)) == (2, [])
        check_true(folder)
        os.close(terminal)


def _swallow(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return


def test_pause_and_resume_reach_all(tmp_path: Path) -> None:
    """A paused job asks nothing, whoever of its processes would."""
    control, reports = Control(), []
    with Even(hosts=4, latency=0.05) as server:
        job = Job([Line(server.url(number % 4, number)) for number in range(600)], settings(tmp_path))
        thread = threading.Thread(target=lambda: reports.append(run_job(job, control)))
        thread.start()
        wait_until(lambda: server.hits > 50)
        control.pause()
        time.sleep(1.0)
        paused_at = server.hits
        time.sleep(1.5)
        asked = server.hits - paused_at
        control.resume()
        thread.join(40)
    assert asked == 0
    assert paused_at < 600
    assert [report.saved for report in reports] == [600]


def test_abandoning_leaves_at_once(tmp_path: Path, offspring: Callable[[], list[int]]) -> None:
    """What is under way is left behind; what was stored is recorded, and all processes are gone."""
    control, reports = Control(), []
    with Even(hosts=4, latency=0.0) as server:
        server.latency = 30.0
        job = Job([Line(server.url(number % 4, number)) for number in range(50)], settings(tmp_path))
        thread = threading.Thread(target=lambda: reports.append(run_job(job, control)))
        thread.start()
        wait_until(lambda: server.hits >= 2)
        crew = offspring()
        at = time.monotonic()
        control.abandon("interrupt")
        thread.join(20)
        assert time.monotonic() - at < 10
        assert [report.stopped for report in reports] == ["interrupt"]
        assert lives(crew) == []


def test_the_time_that_a_job_may_take(tmp_path: Path) -> None:
    """--max-duration drains all processes, and says so by the status."""
    with Even(hosts=4, latency=0.1) as server:
        urls = [server.url(number % 4, number) for number in range(1000)]
        list_of, folder = write_list(tmp_path / "urls.txt", urls), tmp_path / "images"
        ran = get(list_of, folder, *CREW, "async", "--max-duration", 3)
        assert ran.status == 8, ran.err
        check_true(folder)
        assert 0 < len(saved(folder)) == server.hits < 1000


class Large(Even):
    """Now and then an image that is larger than what the machine takes."""

    def judged(self, host: str, number: int) -> bytes:
        """Give the image."""
        return answer(images.jpeg(1_500_000)) if number == 300 else super().judged(host, number)


@PARALLEL
def test_a_machine_that_takes_no_more(tmp_path: Path, engine: str) -> None:
    """Met in one process it ends the job as with one: status 6, one line, and every stored image is recorded."""
    with Large(hosts=4, latency=0.01) as server:
        urls = [server.url(number % 4, number) for number in range(600)]
        list_of, folder = write_list(tmp_path / "urls.txt", urls), tmp_path / "images"
        before = limited(resource.RLIMIT_FSIZE, 1_000_000)
        process = start(*getting(list_of, folder, *CREW, engine), before=before)
        wait_until(lambda: len(children(process.pid)) == 2 or process.poll() is not None)
        crew = children(process.pid)
        ran = finish(process)
        assert ran.status == 6, ran.err
        assert len(ran.err.splitlines()) == 1, ran.err
        line = ran.err
        assert ".part': File too large" in line
        assert lives(crew) == []
        check_true(folder)
        assert {outcome["path"] for outcome in ran.outcomes} == files(folder)
        again = get(list_of, folder, *CREW, engine)
        assert (again.status, again.summary["saved"]) == (0, 600), again.err
        check_true(folder)


def _broken(host: str, *_: object, **__: object) -> object:
    raise ZeroDivisionError(f"a bug for {host}")


def test_a_bug_in_a_process_is_told_with_its_trace(tmp_path: Path, offspring: Callable[[], list[int]]) -> None:
    """It ends the job loudly, as with one process."""
    job = Job([Line(f"http://{number}.example/a.jpg") for number in range(9)], settings(tmp_path), lookup=_broken)
    with pytest.raises(RuntimeError, match=r"(?s)a bug in process \d+:.*_broken.*ZeroDivisionError: a bug for"):
        run_job(job)
    assert offspring() == []


def test_a_bug_of_an_observer_ends_all_processes(tmp_path: Path, offspring: Callable[[], list[int]]) -> None:
    """Whatever ends the parent's run, no process outlives it."""

    def refuse(event: Event) -> None:
        if isinstance(event, Committed) and event.outcomes:
            raise ZeroDivisionError

    with Even(hosts=4, latency=0.05) as server:
        job = Job([Line(server.url(number % 4, number)) for number in range(600)], settings(tmp_path))
        with pytest.raises(ZeroDivisionError):
            run_job(job, None, [refuse])
        assert offspring() == []


def test_a_slow_observer_holds_all_back(tmp_path: Path) -> None:
    """What it does not take waits in wires of a fixed size: nothing is lost, and nothing locks up."""
    naps = [2.0] * 4

    def nap(event: Event) -> None:
        if isinstance(event, Committed) and event.outcomes and naps:
            time.sleep(naps.pop())

    with Even(hosts=4) as server:
        lines = [Line(server.url(number % 4, number), columns={"text": "x" * 1000}) for number in range(6000)]
        report = run_job(Job(lines, settings(tmp_path, look_ahead=3000, jobs=32)), None, [nap])
    assert (report.saved, naps) == (6000, [])


def test_memory_is_flat(tmp_path: Path) -> None:
    """Of a list of 60,000 lines the parent holds what is read ahead."""
    with Even(hosts=8, latency=0.0) as server:
        list_of, folder = tmp_path / "urls.txt", tmp_path / "images"
        with list_of.open("w", encoding="ascii") as file:
            for number in range(0, 60_000, 1000):
                file.write("".join(f"{server.url(each % 8, each % 3000)}\n" for each in range(number, number + 1000)))
        process = start(*getting(list_of, folder, *CREW, "async"))
        with Watched(process) as memory:
            ran = finish(process)
        assert (ran.status, ran.summary["saved"]) == (0, 3000), ran.err
        assert 0 < memory.peak < 150 << 20
