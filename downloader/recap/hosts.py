"""What a run had of each host, for as many hosts as fit; the smallest of the others are one."""

from collections.abc import Mapping, Sequence

from downloader.recap.record import Host

MOST_HOSTS = 4000
"""Hosts kept apart. Where one more comes, the lesser half goes to the rest: one that comes back begins at nothing, so
what is told of a host may be too little where there are more, and the sum over all is right always."""

TOLD = 200
"""Hosts in a report: half of them those with most failures, half those with most images."""


class Hosts:
    """Counts by host."""

    def __init__(self, most: int = MOST_HOSTS) -> None:
        self._most = most
        self._hosts: dict[str, list[float]] = {}  # images, failures, bytes, seconds
        self._rest = [0.0] * 4
        self._folded = False

    def add(self, name: str, images: int, failures: int, size: int, seconds: float) -> None:
        """Count an image or a failure."""
        if name not in self._hosts and len(self._hosts) >= self._most:
            self._fold()
        found = self._hosts.setdefault(name, [0, 0, 0, 0.0])
        for place, value in enumerate((images, failures, size, seconds)):
            found[place] += value

    def top(self, learnt: Mapping[str, str], told: int = TOLD) -> tuple[Sequence[Host], Host | None]:
        """Give the hosts that matter most, those with failures first, and all others as one."""
        by_failures = sorted(self._hosts, key=lambda name: (-self._hosts[name][1], -self._hosts[name][0], name))
        by_images = sorted(self._hosts, key=lambda name: (-self._hosts[name][0], name))
        chosen = set(by_failures[: told // 2])
        chosen.update(by_images[: told - len(chosen)])
        rest = list(self._rest)
        for name in self._hosts.keys() - chosen:
            rest = [one + other for one, other in zip(rest, self._hosts[name], strict=True)]
        hosts = [_host(name, self._hosts[name], learnt.get(name, "")) for name in by_failures if name in chosen]
        others = self._folded or len(chosen) < len(self._hosts)
        return hosts, _host("other hosts", rest) if others else None

    def _fold(self) -> None:
        """Make room: the hosts with least go to the rest."""
        self._folded = True
        least = sorted(self._hosts, key=lambda name: (self._hosts[name][1], self._hosts[name][0]))
        for name in least[: self._most // 2 or 1]:
            gone = self._hosts.pop(name)
            self._rest = [one + other for one, other in zip(self._rest, gone, strict=True)]


def _host(name: str, counted: Sequence[float], learnt: str = "") -> Host:
    images, failures, size, seconds = counted
    return Host(name, int(images), int(failures), int(size), seconds, learnt)
