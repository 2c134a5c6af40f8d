"""Ctrl-C before a run has begun."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.doors.running import arguments, environment, finish

SLOW = """
import sys, time
print("loading", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(("library", "statuses"), [("click", {-signal.SIGINT}), ("tenacity", {130})])
def test_an_interrupt_while_loading_shows_no_traceback(tmp_path: Path, library: str, statuses: set[int]) -> None:
    """While the command line is loaded the signal ends the process; while a command is, the status is 130."""
    (tmp_path / f"{library}.py").write_text(SLOW)
    process = subprocess.Popen(
        arguments("get", "http://127.0.0.1:9/a.jpg", "-o", tmp_path / "images"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment() | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    ran = finish(process)
    assert ran.status in statuses
    assert ran.err.strip() == ""


def test_an_ignored_interrupt_stays_ignored(tmp_path: Path) -> None:
    """Who starts us in the background of a script has Ctrl-C ignored, and means it while we load."""
    (tmp_path / "click.py").write_text(SLOW.replace("60", "1") + "raise SystemExit(7)")
    process = subprocess.Popen(
        arguments("--version"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment() | {"PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) and None,  # noqa: PLW1509 - one system call
    )  # fmt: skip
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    assert finish(process).status == 7
