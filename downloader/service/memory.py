"""What is remembered of a job's hosts when its process is gone: the table as it stood last, in the job's folder."""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

NAME = "hosts.json"

_OVER = {"in_flight": 0, "waiting": 0, "resting": 0.0}
"""What no host has any more when nobody asks it."""


def keep_hosts(folder: Path, hosts: Iterable[dict[str, Any]]) -> None:
    """Keep a table; one that cannot be written is done without, since it is only shown."""
    part = folder / f"{NAME}.part"
    with suppress(OSError):
        part.write_text(json.dumps([host | _OVER for host in hosts]))
        os.replace(part, folder / NAME)  # noqa: PTH105


def kept_hosts(folder: Path) -> Sequence[dict[str, Any]]:
    """Give the table that was kept, or an empty one."""
    try:
        found = json.loads((folder / NAME).read_text())
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []
