"""Which version of each tool ran, and how each was called, for whoever doubts a figure."""

import subprocess
from collections.abc import Mapping
from typing import Any

from harness.peers import PEERS
from harness.report import table
from harness.stage import Stage


def told(stage: Stage, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Give a table of the tools that ran, row by row."""
    versions: dict[str, str] = {}
    cells = []
    for row, data in rows.items():
        for name, command in data.get("commands", {}).items():
            program = next((peer.name for peer in PEERS if name.startswith(peer.name)), "ours")
            if program not in versions:
                versions[program] = _version(stage, program)
            cells.append([name, row, versions[program], f"`{command}`"])
    return table(["tool", "row", "version", "command"], cells)


def _version(stage: Stage, program: str) -> str:
    try:
        if program != "ours":
            return next(peer for peer in PEERS if peer.name == program).told(stage.cache)
        command = [*stage.downloader, "--version"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"  # a figure is none the worse for it
