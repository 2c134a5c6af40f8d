"""Completion, in the shells that are installed here."""

import shutil
import subprocess
import sys

import pytest

from downloader import registry
from downloader.cli import COMMANDS
from downloader.cli.completion import SHELLS
from downloader.cli.layers import ready_made_files
from tests.doors.running import LIMIT, environment
from tests.doors.talking import say

ASK = {
    "bash": 'source @script; COMP_WORDS=(@words); COMP_CWORD=@last; compopt() { echo "compopt $2"; }; '
    '_downloader_completion downloader; printf "%s\\n" "${COMPREPLY[@]}"',
    "fish": "source @script; complete -C '@typed'",
    "zsh": "autoload -U compinit; compinit -D; source @script; "
    "env COMP_WORDS='@typed' COMP_CWORD=@last _DOWNLOADER_COMPLETE=zsh_complete downloader",
}
"""What makes each shell tell what it would offer."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Give a folder with the program under its name, and each shell's script."""
    folder = tmp_path_factory.mktemp("shells")
    program = folder / "downloader"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m downloader "$@"\n')
    program.chmod(0o755)
    for shell in SHELLS:
        (folder / shell).write_text(say(folder, "completion", shell).out)
    return folder


def offered(place, shell, *words):
    """Give what a shell offers for the last of these words."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    typed = " ".join(["downloader", *words])
    quoted = " ".join(f"'{word}'" for word in ("downloader", *words))
    asked = ASK[shell].replace("@script", str(place / shell)).replace("@last", str(len(words)))
    asked = asked.replace("@words", quoted).replace("@typed", typed)
    env = environment()
    ran = subprocess.run(
        [shell, "-c", asked], cwd=place, env=env | {"PATH": f"{place}:{env['PATH']}"}, capture_output=True, text=True,
        timeout=LIMIT, check=True,
    )  # fmt: skip
    return [line.partition("\t")[0] for line in ran.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_flags_are_offered(place, shell):
    """A command by its first letters, and a flag by its."""
    assert "compare" in offered(place, shell, "comp")
    assert "--engine" in offered(place, shell, "get", "--eng")


@pytest.mark.parametrize("shell", SHELLS)
def test_values_are_offered(place, shell):
    """Engines, steps, codes and ready-made settings complete by name."""
    assert set(registry.ENGINES) <= set(offered(place, shell, "get", "--engine", ""))
    assert "decode,resize" in offered(place, shell, "get", "--process", "decode,re")
    assert "dns,not-found" in offered(place, shell, "retry", "images", "--code", "dns,not-f")
    assert {"polite"} <= set(offered(place, shell, "get", "--config", "pol"))


def test_bash_is_told_of_files_and_folders(place):
    """Lists are files, outputs are folders; the shell finds both by itself."""
    assert offered(place, "bash", "get", "-i", "") == ["compopt default"]
    assert offered(place, "bash", "get", "-o", "") == ["compopt dirnames"]
    assert offered(place, "bash", "status", "") == ["compopt dirnames"]


def test_bash_offers_every_command_and_every_ready_made(place):
    """Nothing is left out of what stands in the tables."""
    assert set(offered(place, "bash", "")) == set(COMMANDS)
    assert set(offered(place, "bash", "get", "--config", "")) == set(ready_made_files())


def test_other_shells_are_refused_with_the_choices(tmp_path):
    """A shell that cannot be served is a usage error that names those that can."""
    ran = say(tmp_path, "completion", "tcsh")
    assert ran.status == 2
    assert all(shell in ran.err for shell in SHELLS)
