"""What a process takes of memory and time, as Linux counts it."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

import pytest

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs all of 127.0.0.0/8, and /proc")

_TICK = 0.05


def seconds_at_work(process: "subprocess.Popen[str]") -> float:
    """Give the processor time that all threads of a process have taken so far (proc(5), utime and stime)."""
    behind_name = Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(map(int, behind_name[11:13])) / os.sysconf("SC_CLK_TCK")


class Watched:
    """Looks at a process again and again while its ``with`` block lasts; ``peak`` is in bytes.

    VmHWM, not getrusage: that begins with what the parent held when it forked.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.peak = 0
        self._status = Path(f"/proc/{process.pid}/status")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"memory-of-{process.pid}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            try:
                lines = self._status.read_text("ascii").splitlines()
            except OSError:
                return  # it has ended
            kibibytes = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]  # none in a zombie
            self.peak = max([self.peak, *(number << 10 for number in kibibytes)])
