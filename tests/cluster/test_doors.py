"""What the command line makes of --processes: logs, reports, refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from downloader.errors import UsageError
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Notice
from downloader.policy.host import UNLIMITED
from downloader.policy.shares import Shares
from downloader.settings import Settings
from tests.cluster.mixed import Even, Mixed
from tests.doors.running import get, run, write_list
from tests.support.watching import LINUX

pytestmark = LINUX


def test_what_processes_log_is_logged(tmp_path: Path) -> None:
    """Each attempt stands in the log with its fields, as if there were one process; and the report knows all."""
    with Mixed() as server:
        list_of, log, report = (
            write_list(tmp_path / "urls.txt", server.urls(100)),
            tmp_path / "log",
            tmp_path / "r.json",
        )
        args = ("--processes", 2, "--engine", "async", "--backoff", "0.01:0.02", "--retries", 1)
        ran = get(
            list_of, tmp_path / "images", *args, "-vv", "--log-format", "json", "--log-file", log, "--report", report
        )
        assert ran.status == 4, ran.err
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        attempts = [line["fields"] for line in lines if line["logger"] == "downloader.engines.attempt"]
        assert len(attempts) == sum(outcome["attempts"] for outcome in ran.outcomes) > 100
        codes = {fields["code"] for fields in attempts}
        assert codes == {None, "not-found", "server-error", "busy", "not-an-image"}
        [started] = [line for line in lines if line["message"].startswith("run 1 in")]
        assert started["fields"]["processes"] == 2
        told = json.loads(report.read_text())
        assert str(ran.summary["saved"]) in json.dumps(told)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--processes", 2, "--dedupe", "sha256"), "--processes cannot be 2: --dedupe keeps the first of all images"),
        (("--processes", 2, "--engine", "sequential"), "--processes cannot be 2: --engine sequential asks for one"),
        (("--processes", 0), "--processes cannot be '0': the least is 1"),
        (("--processes", "many"), "--processes cannot be 'many': write a whole number"),
        (("--processes", 2, "--engine", "asink"), "there is no engine 'asink': did you mean 'async'?"),
        (("--processes", 2, "--ca-file", "/nowhere.pem", "--engine", "async"), "the authorities '/nowhere.pem' cannot"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, args: tuple[Any, ...], said: str) -> None:
    """Status 2, and no process is left."""
    ran = run("get", "https://127.0.0.1:9/a.jpg", "-o", tmp_path / "images", "--allow-private", *args)
    assert ran.status == 2, ran.err
    [line] = [line for line in ran.err.splitlines() if said in line]
    assert line.startswith("downloader: ")


def test_fewer_processes_than_asked_for_are_told_of(tmp_path: Path) -> None:
    """Two jobs are no work for four processes."""
    with Even(hosts=2) as server:
        notices: list[str] = []
        chosen = {"processes": 4, "jobs": 2, "engine": "async", "allow_private": True, "output": tmp_path}
        report = run_job(
            Job([Line(server.url(0, 1)), Line(server.url(1, 2))], Settings.of(**chosen)),
            None,
            [lambda event: notices.append(event.text) if isinstance(event, Notice) else None],
        )
    assert report.saved == 2
    assert notices == ["--processes 2 instead of 4: --jobs 2 cannot be divided further"]


def test_a_look_up_must_be_known_to_all(tmp_path: Path, offspring: Callable[[], list[int]]) -> None:
    """One that cannot travel is refused before anything is asked."""
    job = Job(
        [Line("http://a.example/a.jpg")],
        Settings.of(processes=2, output=tmp_path),
        lookup=lambda *_args, **_how: (),
    )
    with pytest.raises(UsageError, match="--processes needs a look-up that other processes can import"):
        run_job(job)
    assert offspring() == []


def test_a_job_of_the_service_is_one_process(tmp_path: Path, offspring: Callable[[], list[int]]) -> None:
    """It shares its hosts with others, place by place, and has a process of its own already."""
    shares = Shares(lambda word, host, use, _: shares.give([(host, use, UNLIMITED)]) if word == "uses" else None)
    seen: list[list[int]] = []

    def look(event: Event) -> None:
        if isinstance(event, Committed):
            seen.append(offspring())

    with Even(hosts=2) as server:
        chosen = {"processes": 2, "engine": "async", "allow_private": True, "output": tmp_path}
        lines = [Line(server.url(number % 2, number)) for number in range(20)]
        assert run_job(Job(lines, Settings.of(**chosen), shares=shares), None, [look]).saved == 20
    assert seen
    assert not any(seen)
