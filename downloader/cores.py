"""How many cores this process may use, which in a container is fewer than the machine has."""

import os


def cores() -> int:
    """Give their number."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
