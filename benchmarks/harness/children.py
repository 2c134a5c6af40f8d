"""A command and all its descendants, measured by the kernel. Linux only."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage

_PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h: orphans among the descendants become this process's children, so that it can wait for them."""

_LOOK = 0.05
"""Seconds between two looks at memory."""

LINGER = 10.0
"""Seconds that descendants may outlive the command before they are killed; the command's own time has ended by then."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command cost.

    ``seconds`` is from its start until its first process ended, ``cpu`` the user and system time of all its processes
    in seconds, ``memory`` the peak of its largest process in bytes as far as one look every 50 ms sees it, ``status``
    its exit status, -N for signal N.
    """

    seconds: float
    cpu: float
    memory: int
    status: int


def run(command: Sequence[str], log: Path, limit: float, environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end, in the folder of ``log``, which takes what it says.

    Its CPU includes processes that it left for others to wait for, as multiprocessing leaves its fork server with all
    workers: wait4 of the command alone tells nothing of them. Past ``limit`` seconds the whole group is killed.
    """
    with _adopting_orphans(), log.open("wb") as output:
        begin = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=log.parent,  # a Python that begins in a checkout may import from it what is installed elsewhere
            start_new_session=True,  # a process group of its own, by which the orphans are found
        )
        with _killed_after(limit, process.pid), _watching_memory(process.pid) as peak:
            _, wait_status, own = os.wait4(process.pid, 0)
            seconds = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(wait_status)
        with _killed_after(LINGER, process.pid):
            spent = [own, *_orphans(process.pid)]
    cpu = sum(one.ru_utime + one.ru_stime for one in spent)
    return Usage(seconds, cpu, peak[0], process.returncode)


@contextmanager
def _watching_memory(group: int) -> Iterator[list[int]]:
    """Give a list of one number, which is the group's largest VmHWM, in bytes, when the block is left.

    Not wait4's: that begins with what this process held when it forked.
    """
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            peak[0] = max([peak[0], *_peaks(group)])

    thread = threading.Thread(target=watch, name=f"memory-of-{group}")
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _peaks(group: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if os.getpgid(int(folder.name)) == group:
                lines = (folder / "status").read_text("ascii", "replace").splitlines()
                yield from (int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


@contextmanager
def _adopting_orphans() -> Iterator[None]:
    _adopt_orphans(yes=True)
    try:
        yield
    finally:
        _adopt_orphans(yes=False)


def _adopt_orphans(*, yes: bool) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot wait for orphans: a kernel with PR_SET_CHILD_SUBREAPER is needed")


def _orphans(group: int) -> Iterator[struct_rusage]:
    """Wait for all that is left of a process group."""
    with suppress(ChildProcessError):
        while True:
            yield os.wait4(-group, 0)[2]


@contextmanager
def _killed_after(limit: float, group: int) -> Iterator[None]:
    """Kill a process group when the block takes longer, and when it is left by an exception."""
    timer = threading.Timer(limit, _kill, [group])
    timer.start()
    try:
        yield
    except BaseException:
        _kill(group)
        raise
    finally:
        timer.cancel()
        timer.join()


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
