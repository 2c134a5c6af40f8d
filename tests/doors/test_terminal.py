"""What a person sees: a bar that stays one line, whatever is said above it, and a terminal left as it was."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.running import arguments, environment, rows, run, write_list
from tests.support.hostile import HostileServer
from tests.support.terminal import Terminal

BAR = re.compile(r"^\[=*>? *\]  ")
WIDTHS = pytest.mark.parametrize("columns", [80, 200])


@pytest.fixture
def getting(hostile: HostileServer, tmp_path: Path) -> Iterator[list[str]]:
    """Give the command of a run that has an image, two failures, and images that wait for the gate."""
    paths = ["/images/0.jpg", "/missing.jpg", *(f"/gated/{number}.jpg" for number in range(6))]
    urls = [*map(hostile.url, paths), "no URL at all"]
    list_of = write_list(tmp_path / "urls.txt", urls)
    yield arguments("get", "-i", list_of, "-o", tmp_path / "images", "--allow-private", "--jobs", 4)
    hostile.gate.set()


def bars(terminal: Terminal) -> list[str]:
    """Give the bars on the screen and above it."""
    return [line for line in terminal.lines if BAR.match(line)]


def halfway(terminal: Terminal) -> None:
    """Look until the bar shows what does not wait for the gate."""
    terminal.watch(lambda: any("3/9" in line and "2 failed" in line for line in bars(terminal)))


@WIDTHS
def test_the_bar_is_one_line(getting: list[str], hostile: HostileServer, columns: int) -> None:
    """It holds counts, rates and failures within the width; log lines stand above it and no copy of it is left."""
    with Terminal([*getting, "-v"], columns, environment()) as terminal:
        halfway(terminal)
        [bar] = bars(terminal)
        assert terminal.lines[-1] == bar
        assert columns - 12 <= len(bar) < columns
        assert "images/s" in bar
        assert "B/s" in bar
        assert terminal.lines[0].startswith("INFO downloader.job: run 1")
        hostile.gate.set()
        assert terminal.finish() == 3
    [bar] = bars(terminal)
    assert "9/9" in bar
    text = "\n".join(terminal.lines)
    assert text.index("run ended: 9 lines") < text.index(bar) < text.index("saved 7 of 9")
    assert not terminal.screen.cursor.hidden


@WIDTHS
def test_an_interrupt_is_told_above_the_bar(getting: list[str], hostile: HostileServer, columns: int) -> None:
    """Ctrl-C on the keyboard: the notice, one bar, the summary; the cursor is there and in the first column."""
    with Terminal(getting, columns, environment()) as terminal:
        halfway(terminal)
        terminal.type(b"\x03")
        terminal.watch(lambda: any("Ctrl-C again" in line for line in terminal.lines))
        hostile.gate.set()
        assert terminal.finish() == 130
    assert len(bars(terminal)) == 1, terminal.lines
    assert any(line.startswith("stopped by Ctrl-C") for line in terminal.lines)
    assert (terminal.screen.cursor.hidden, terminal.screen.cursor.x) == (False, 0)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_the_cursor(getting: list[str], number: signal.Signals, status: int) -> None:
    """Whatever ends a run, nothing was hidden that nobody shows again."""
    with Terminal([*getting, "--drain-timeout", "100ms"], 80, environment()) as terminal:
        halfway(terminal)
        terminal.send(number)
        assert terminal.finish() == status
    assert b"\x1b[?25l" not in terminal.raw
    assert (terminal.screen.cursor.hidden, terminal.screen.cursor.x) == (False, 0)


def test_a_narrower_terminal_has_a_narrower_bar(getting: list[str], hostile: HostileServer) -> None:
    """After SIGWINCH the next bar fits."""
    with Terminal(getting, 120, environment()) as terminal:
        halfway(terminal)
        terminal.resize(60)
        terminal.watch(lambda: len(terminal.lines) > 0 and 40 <= len(terminal.lines[-1]) < 60)
        hostile.gate.set()
        assert terminal.finish() == 3
    assert "9/9" in next(line for line in terminal.lines if "failed" in line and "images/s" in line)


def test_a_closed_window_drains(getting: list[str], hostile: HostileServer, tmp_path: Path) -> None:
    """What runs finishes, the manifest says so, the status is that of SIGHUP; the same command goes on."""
    with Terminal(getting, 80, environment()) as terminal:
        halfway(terminal)
        hostile.wait_for(lambda: hostile.hits.total() == 2 + 4)
        terminal.hang_up()
        hostile.gate.set()
        assert terminal.process.wait(40) == 129
    assert len(rows(tmp_path / "images")) >= 3 + 1
    again = subprocess.run(getting, env=environment(), capture_output=True, text=True, timeout=50, check=False)
    assert again.returncode == 3
    assert "saved 7 of 9" in again.stderr


def test_nohup_outlives_its_terminal(getting: list[str], hostile: HostileServer, tmp_path: Path) -> None:
    """Where SIGHUP is ignored it is not taken."""
    command = ["nohup", *getting]
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment())
        hostile.wait_for(lambda: hostile.hits.total() == 2 + 4)
        process.send_signal(signal.SIGHUP)
        hostile.gate.set()
        assert process.wait(40) == 3
    assert len(rows(tmp_path / "images")) == 9


def test_pipes_get_no_control_codes(getting: list[str], hostile: HostileServer) -> None:
    """Whatever the flags, what goes to a file is lines of text."""
    hostile.gate.set()
    for flags in ([], ["-vv", "--progress", "bar"], ["--json", "-v", "--log-format", "json"]):
        done = subprocess.run([*getting, *flags], env=environment(), capture_output=True, timeout=50, check=False)
        assert done.returncode == 3
        assert not {0x1B, ord("\r"), 0x08} & {*done.stdout, *done.stderr}


def test_a_dumb_terminal_gets_lines(getting: list[str], hostile: HostileServer) -> None:
    """TERM=dumb knows no way back to the beginning of a line."""
    hostile.gate.set()
    command = ["env", "TERM=dumb", *getting]
    with Terminal(command, 80, environment()) as terminal:
        assert terminal.finish() == 3
    assert b"\x1b" not in terminal.raw
    assert bars(terminal) == []


def test_results_on_the_terminal_stand_alone(getting: list[str], hostile: HostileServer) -> None:
    """With --json and no redirection there is no bar that lines could be written into."""
    hostile.gate.set()
    with Terminal([*getting, "--json"], 200, environment()) as terminal:
        assert terminal.finish() == 3
    assert b"\x1b" not in terminal.raw
    assert terminal.raw.count(b'{"type": "outcome"') == 9


def test_help_has_no_control_codes() -> None:
    """Nor has a command that is no run."""
    ran = run("get", "--help")
    assert "\x1b" not in ran.out
