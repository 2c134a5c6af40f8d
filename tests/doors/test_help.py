"""Help, colours, and what is loaded to say them."""

import os
import pty
import re
import subprocess
import sys

import pytest

from downloader.cli import COMMANDS
from downloader.cli.options import MOST_USED, headings
from downloader.imageserver import ImageServer, Plan
from tests.doors.running import LIMIT, environment
from tests.doors.talking import say

HEAVY = {"requests", "urllib3", "aiohttp", "PIL", "tenacity", "rich", "sqlite3", "asyncio", "ssl", "numpy"}
"""What no help and no printing of settings needs."""

LIGHT = [["--help"], ["--version"], ["config"], ["completion", "bash"], *([name, "--help"] for name in COMMANDS)]

COLOUR = re.compile(r"\x1b\[[0-9;]*?(?:[349][0-7]|10[0-7]|[34]8;[25];[0-9;]*)[0-9;]*m")
"""A terminal's code for a colour (ECMA-48 8.3.117); bold and dim are none."""


@pytest.mark.parametrize("args", LIGHT, ids=" ".join)
def test_help_loads_nothing_heavy(args, tmp_path):
    """Neither the libraries that fetch, nor Pillow, nor what draws tables is imported."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "downloader", *args],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=LIMIT, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}
    assert "downloader.cli" in loaded
    assert {name for name in loaded if name.partition(".")[0] in HEAVY} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_ends_with_examples(name, tmp_path):
    """The last lines of the help can be typed; no line is wider than a usual terminal."""
    ran = say(tmp_path, name, "--help")
    last = ran.out.rstrip().rpartition("Examples:\n")[2].splitlines()
    assert last
    assert [line for line in last if "downloader " not in line] == []
    assert [line for line in ran.out.splitlines() if len(line) > 80 and line not in last] == []


@pytest.mark.parametrize("name", ["get", "retry", "config", "doctor"])
def test_settings_stand_under_their_headings(name, tmp_path):
    """Each setting is listed once: the most used first, the others under their group, manners last."""
    text = say(tmp_path, name, "--help").out
    place, before, listed = "", "", {}
    for line in text.splitlines():
        place, before = (line if line.strip() and not before else place), line
        for flag in re.findall(r"^  (?:-\w, )?--(?:\[no-\])?([a-z-]+)", line):
            assert flag not in listed
            listed[flag] = place
    for setting, heading in headings().items():
        flag = setting.replace("_", "-")
        if flag in listed:
            assert listed[flag].startswith("Options" if setting in MOST_USED else heading[:60])
    assert listed["help"].startswith("Talk")
    assert {"jobs", "backoff", "tolerate", "insecure"} <= set(listed)


def test_the_groups_help_lists_every_command_by_purpose(tmp_path):
    """`downloader --help` tells each command under what it is for, and ends with examples."""
    text = say(tmp_path, "--help").out
    assert [name for name in COMMANDS if not re.search(rf"^  {name} +\w", text, re.MULTILINE)] == []
    assert text.index("Fetch\n") < text.index("Look\n") < text.index("Set up\n") < text.index("Examples:")


def on_a_terminal(folder, env, *args):
    """Run the program on a terminal of its own, and give all that it wrote there."""
    ours, theirs = pty.openpty()
    usual = environment() | {"COLUMNS": "100", "LINES": "30"} | env
    process = subprocess.Popen(
        [sys.executable, "-m", "downloader", *args], cwd=folder, env=usual, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = bytearray()
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:
        pass  # Linux says EIO once nobody holds the other end
    finally:
        os.close(ours)
    assert process.wait(LIMIT) in (0, 4)
    return said.decode()


@pytest.mark.parametrize(
    ("env", "coloured", "bar"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=["usual", "NO_COLOR", "dumb"],
)
def test_colours_can_be_refused(tmp_path, env, coloured, bar):
    """NO_COLOR leaves the bar and takes its colours; a dumb terminal gets plain lines without any code."""
    with ImageServer(Plan(latency=0.3, size=2000, flaky=frozenset({0}))) as server:
        args = ["get", *server.urls(4), "--allow-private", "-j", "2", "--retries", "0"]
        said = on_a_terminal(tmp_path, env, *args)
    assert "saved 3 of 4" in said
    assert bool(COLOUR.search(said)) == coloured
    assert ("\x1b" in said) == bar
    assert ("[=" in said) == bar


def test_the_comparison_takes_no_colours_either(tmp_path):
    """The tables of `compare` are plain under NO_COLOR."""
    args = ["compare", "--images", "4", "--latency", "10ms", "--runs", "1", "--engines", "thread"]
    said = on_a_terminal(tmp_path, {"TERM": "xterm-256color", "NO_COLOR": "1"}, *args)
    assert "thread" in said
    assert not COLOUR.search(said)
