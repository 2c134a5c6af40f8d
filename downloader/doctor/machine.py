"""What the machine gives: interpreter, cores, memory, descriptors."""

import os
import platform
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from downloader.doctor.finding import Finding, Question, judged
from downloader.equipment import DESCRIPTORS_EACH, DESCRIPTORS_OWN

LEAST_PYTHON = (3, 11)
LITTLE_MEMORY = 512 << 20
"""Bytes below which a job of many images or steps is near its end: a job of 64 threads takes about 80 MiB."""

CGROUP = Path("/sys/fs/cgroup")
"""Where a container's own limits stand (cgroup v2)."""


def python(_: Question) -> Iterator[Finding]:
    """Look at the interpreter."""
    free = not getattr(sys, "_is_gil_enabled", lambda: True)()
    found = f"{platform.python_implementation()} {platform.python_version()}, {'without' if free else 'with'} the GIL"
    yield judged(found, bad=sys.version_info < LEAST_PYTHON, do="install Python 3.11 or newer")


def cores(question: Question) -> Iterator[Finding]:
    """Count the cores this process may use, a container's share included."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(CGROUP)
    found = f"{usable} of {os.cpu_count()} cores" + (f", a container's limit of {quota:g}" if quota else "")
    workers = question.settings.process.workers
    most = min(usable, quota or usable)
    too_many = isinstance(workers, int) and workers > max(most, 1)
    yield judged(found, warn=too_many, do=f"--workers {workers} is more than that: leave it at auto")


def memory(_: Question) -> Iterator[Finding]:
    """Look at the memory that is left, to this machine and to this container."""
    available, limit = available_memory(Path("/proc/meminfo")), memory_limit(CGROUP)
    if available is None and limit is None:
        yield Finding("ok", "how much is free cannot be told on this system")
        return
    least = min(each for each in (available, limit) if each is not None)
    parts = [f"{available >> 20} MiB free"] if available is not None else []
    parts += [f"a container's limit leaves {limit >> 20} MiB"] if limit is not None else []
    yield judged(
        ", ".join(parts), warn=least < LITTLE_MEMORY, do="lower --jobs and --look-ahead, or give the container more"
    )


def descriptors(question: Question) -> Iterator[Finding]:
    """Look at the limit of open files: what it was, what it can be raised to, and how many jobs that bears."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    jobs = question.settings.pace.jobs
    most = None if hard == resource.RLIM_INFINITY else max((hard - DESCRIPTORS_OWN) // DESCRIPTORS_EACH, 0)
    bearable = "any number of jobs" if most is None else f"{most} jobs"
    found = f"{_limit(soft)} open files, {_limit(hard)} at most (a run raises it): enough for {bearable}"
    yield judged(
        found,
        bad=most == 0,
        warn=most is not None and most < jobs,
        do=f"--jobs {jobs} needs {DESCRIPTORS_OWN + DESCRIPTORS_EACH * jobs}: raise it with ulimit -Hn, or "
        "LimitNOFILE= of the service",
    )


def cpu_quota(group: Path) -> float | None:
    """Give the cores that a control group may use, from its cpu.max ("200000 100000" is two); None for no limit."""
    quota, _, period = _read(group / "cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def memory_limit(group: Path) -> int | None:
    """Give the bytes that a control group may still take; None for no limit."""
    most, used = _read(group / "memory.max"), _read(group / "memory.current")
    return int(most) - int(used) if most.isdigit() and used.isdigit() else None


def available_memory(meminfo: Path) -> int | None:
    """Give the bytes that the kernel says new programs can have (MemAvailable, proc(5)); None where it does not."""
    for line in _read(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return None


def _limit(value: int) -> str:
    return "any number of" if value == resource.RLIM_INFINITY else str(value)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
