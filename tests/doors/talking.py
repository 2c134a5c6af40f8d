"""The program in a folder of its own, with an environment that is said."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.doors.running import LIMIT, Ran, arguments, environment


def say(folder: Path, *args: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run the program with ``folder`` as its current directory; ``env`` is laid over a clean environment."""
    ran = subprocess.run(
        arguments(*args), cwd=folder, env=environment() | dict(env or {}), capture_output=True, text=True,
        encoding="utf-8", timeout=LIMIT, check=False,
    )  # fmt: skip
    assert "internal error" not in ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)
