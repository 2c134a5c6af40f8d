"""The peers, each installed by pip into a virtual environment of its own, once."""

import shutil
import subprocess
import sys
from pathlib import Path


def environment(root: Path, requirement: str, before: tuple[int, int] | None = None) -> Path:
    """Give the folder with the commands of what a requirement installs.

    ``before`` is the first version of Python that it does not run on. Raises FileNotFoundError when no other is there,
    CalledProcessError when pip fails; its ``stderr`` says why.
    """
    folder = root / f"environment-{requirement.replace('*', 'x').replace('==', '-')}"
    ready = folder / "ready"
    if not ready.exists():
        python = _python(before)
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True, capture_output=True, text=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
        subprocess.run([folder / "bin" / "python", *install], check=True, capture_output=True, text=True)
        ready.touch()
    return folder / "bin"


def _python(before: tuple[int, int] | None) -> str:
    if before is None or sys.version_info < before:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(before[1] - 1, 10, -1)]
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise FileNotFoundError(f"a Python older than 3.{before[1]} is needed: install one of {', '.join(names)}")
    return path
