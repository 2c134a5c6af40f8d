"""Programs of the system, installed from its packages where that may be done."""

import functools
import os
import shutil
import subprocess

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where packages put nginx, and where the PATH of ordinary users does not look."""

LIMIT = 300.0
"""Seconds that an installation may take."""


class Absent(Exception):
    """A tool that is not here and cannot be brought here; its line in the tables says so."""


def program(name: str, package: str) -> str:
    """Give the path of a program, installing its package first where this is root and there is apt-get."""
    path = _found(name)
    if not path and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(package)
        path = _found(name)
    if not path:
        raise Absent(f"{name} is not installed (on Debian and Ubuntu: apt-get install {package})")
    return path


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")


@functools.cache
def _install(package: str) -> None:
    """Install a package once; whether it came is seen by its program."""
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        whole = ["apt-get", "--quiet", *command]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            subprocess.run(whole, env=quiet, capture_output=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return
