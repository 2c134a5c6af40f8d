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
from resource import RUSAGE_SELF, getrusage, struct_rusage

from harness.memory import Process, watching

_PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h: orphans among the descendants become this process's children, so that it can wait for them."""

LINGER = 10.0
"""Seconds that descendants may outlive the command before they are killed; the command's own time has ended by then."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command cost.

    ``seconds`` is from its start until its first process ended, ``cpu`` the user and system time of all its processes
    in seconds, ``memory`` the peak of its largest process in bytes, ``status`` its exit status, -N for signal N.
    ``processes`` are those that were seen, one look every 50 ms.
    """

    seconds: float
    cpu: float
    memory: int
    status: int
    processes: Sequence[Process] = ()


def run(command: Sequence[str], log: Path, limit: float, environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end, in the folder of ``log``, which takes what it says.

    Its CPU includes processes that it left for others to wait for, as multiprocessing leaves its fork server with all
    workers: wait4 of the command alone tells nothing of them. Past ``limit`` seconds the whole group is killed.
    """
    with _adopting_orphans(), log.open("wb") as output:
        ours = getrusage(RUSAGE_SELF).ru_maxrss << 10
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
        with _killed_after(limit, process.pid), watching(process.pid) as watch:
            _, wait_status, own = os.wait4(process.pid, 0)
            seconds = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(wait_status)
        with _killed_after(LINGER, process.pid):
            spent = [own, *_orphans(process.pid)]
    cpu = sum(one.ru_utime + one.ru_stime for one in spent)
    memory = max(_peak(one, watch.peak, ours) for one in spent)
    return Usage(seconds, cpu, memory, process.returncode, watch.processes())


def _peak(own: struct_rusage, seen: int, ours: int) -> int:
    """Give the peak of the largest process in bytes.

    A child's account begins with what this process held when it forked, so that wait4 tells of it only where it tells
    more; what the looks saw is never too much, and misses only what came after the last of them.
    """
    told = own.ru_maxrss << 10
    return max(told, seen) if told > ours else seen


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
