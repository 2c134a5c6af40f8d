"""docs/tour.md, walked from its first command to its last."""

import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"
PORT = "8000"
MARK = r"{ status=$?; printf '\001'; (exit $status); }"
"""What ends a command's output; the status it left is there for the next."""

LONGEST = 60.0
"""Seconds that one command may take."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the tour, and what the page shows of its output; "…" stands for anything."""

    line: int
    command: str
    shown: tuple[str, ...]


def steps(text: str) -> Iterator[Step]:
    """Go through the commands of the page's console blocks."""
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        first = text.count("\n", 0, block.start(1)) + 1
        lines = block[1].splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            rest = lines[start:end]
            length = next(number for number, line in enumerate(rest, start=1) if not line.endswith("\\"))
            yield Step(first + start, "\n".join(rest[:length])[2:], tuple(rest[length:]))


def pattern(shown: tuple[str, ...]) -> str:
    """Give what the output must match as a whole: measured figures, those with a point, may be any."""
    parts = []
    for line in shown:
        if line == "…":
            parts.append(r"(?:.*\n)*")
            continue
        found = re.sub(r"\d+\\\.\d+", r"\\d+(?:\\.\\d+)?", re.escape(line))
        parts.append(found.replace("…", ".*") + r"[ ]*\n")
    return "".join(parts)


class Shell:
    """A bash in a folder of its own, one for all commands, as a person has it."""

    def __init__(self, folder: Path, port: str) -> None:
        self._port = port
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "120"}
        self._bash = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.write(b"kill $(jobs -p) 2>/dev/null; exit\n")
        self._bash.stdin.close()
        self._bash.stdout.close()
        self._bash.wait(timeout=LONGEST)

    def run(self, command: str) -> str:
        """Run a command and give what it says on both its outputs."""
        assert self._bash.stdin
        self._bash.stdin.write(f"{command.replace(PORT, self._port)}\n{MARK}\n".encode())
        self._bash.stdin.flush()
        return self._until_mark(command).replace(self._port, PORT)

    def _until_mark(self, command: str) -> str:
        assert self._bash.stdout
        found, until = b"", time.monotonic() + LONGEST
        with selectors.DefaultSelector() as selector:
            selector.register(self._bash.stdout, selectors.EVENT_READ)
            while not found.endswith(b"\x01"):
                if not selector.select(until - time.monotonic()):
                    pytest.fail(f"not done within {LONGEST:g} s: {command}\n{found.decode('utf-8', 'replace')}")
                data = os.read(self._bash.stdout.fileno(), 1 << 16)
                assert data, f"the shell ended at: {command}"
                found += data
        return found[:-1].decode("utf-8", "replace")


def test_the_shown_is_matched_as_a_whole() -> None:
    """What a page shows must be there, in order and complete; only measured figures and "…" are free."""
    shown = ("saved 3 of 4 (1.2 MB in 0.5 s)", "…", "next: …")
    assert re.fullmatch(pattern(shown), "saved 3 of 4 (9.9 MB in 12.0 s)\n  x\nnext: go\n")
    assert not re.fullmatch(pattern(shown), "saved 2 of 4 (9.9 MB in 12.0 s)\nnext: go\n")
    assert not re.fullmatch(pattern(shown), "saved 3 of 4 (9.9 MB in 12.0 s)\nnext: go\nTraceback\n")


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("bash") is None, reason="the tour is walked in bash")
def test_every_command_of_the_tour_does_what_is_shown(tmp_path: Path) -> None:
    """Each is typed into one shell, in order, and says what the page shows."""
    text = TOUR.read_text("utf-8")
    walked = list(steps(text))
    assert len(walked) == text.count("\n$ ")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with Shell(tmp_path, port) as shell:
        for step in walked:
            said = shell.run(step.command)
            wanted = pattern(step.shown)
            assert re.fullmatch(wanted, said), f"docs/tour.md:{step.line}: $ {step.command}\nsaid:\n{said}"
