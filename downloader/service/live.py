"""What is known of a job while its process runs; the manifest knows the rest."""

from collections import Counter, OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from downloader.service.teller import PHASES

MOST_HOSTS = 200
"""Hosts kept for the table; the least lately busy goes first."""

MOST_FAILURES = 100
"""Failures kept for a snapshot; the manifest has all."""


@dataclass(slots=True)
class Live:
    """Sums up a process's messages. Used on the event loop alone."""

    progress: dict[str, Any] = field(default_factory=dict)
    hosts: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    failures: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_FAILURES))

    def take(self, said: dict[str, Any]) -> dict[str, Any]:
        """Take a progress; gives what of it is for those who watch."""
        for host in said.pop("hosts", ()):
            self.hosts[host["host"]] = host
            self.hosts.move_to_end(host["host"])
        while len(self.hosts) > MOST_HOSTS:
            self.hosts.popitem(last=False)
        self.progress = {name: value for name, value in said.items() if name not in ("outcomes", "new_bytes", "phases")}
        return self.progress | {"hosts": list(self.hosts.values())}

    def snapshot(self) -> dict[str, Any]:
        """Give all of it."""
        return {**self.progress, "hosts": list(self.hosts.values()), "failures": list(self.failures)}


class Totals:
    """What all jobs have done since the service started, for the metrics."""

    def __init__(self) -> None:
        self.images: Counter[tuple[str, str]] = Counter()
        self.bytes = 0
        self.rests = 0
        self.phases: dict[str, list[float]] = {}
        self._last: dict[str, Mapping[str, Any]] = {}  # what each running process has said of itself

    def take(self, job: str, said: Mapping[str, Any]) -> None:
        """Add what is new in a process's sums."""
        last = self._last.get(job, {})
        before = {(status, code): number for status, code, number in last.get("outcomes", ())}
        for status, code, number in said["outcomes"]:
            self.images[status, code] += number - before.get((status, code), 0)
        self.bytes += said["new_bytes"] - last.get("new_bytes", 0)
        for phase in PHASES:
            self._add(phase, said["phases"][phase], last["phases"][phase] if last else ())
        self._last[job] = {name: said[name] for name in ("outcomes", "new_bytes", "phases")}

    def _add(self, phase: str, sums: Sequence[float], last: Sequence[float]) -> None:
        so_far = self.phases.setdefault(phase, [0.0] * len(sums))
        for at, value in enumerate(sums):
            so_far[at] += value - (last[at] if last else 0)

    def end(self, job: str) -> None:
        """Forget a process that is gone; what it did stays counted."""
        self._last.pop(job, None)
