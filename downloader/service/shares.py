"""A host's limit, divided by the running jobs that use the host. Pure: it says what to tell whom.

A share is lowered first, and what that frees is given on only when the job says that it fits: what is promised at a
host never sums up to more than its limit. With fewer places than jobs, some have none for a while; ``rotate`` has them
take turns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from downloader.policy.host import UNLIMITED

Told: TypeAlias = tuple[str, str, int, int]
"""What to tell: the job, the host, the number of its use, and its places from now on."""


@dataclass(slots=True)
class _User:
    """One job at one host."""

    use: int
    told: int = 0
    held: int = 0  # the most that it may have under way: what it was told before counts until it says that it fits


class Division:
    """Owns who uses which host, and what each was told."""

    def __init__(self, limit_of: Callable[[str], int]) -> None:
        """Take what gives a host's limit; 0 for none."""
        self._limit_of = limit_of
        self._hosts: dict[str, dict[str, _User]] = {}
        self._idle: set[str] = set()
        self._turn = 0

    def use(self, job: str, host: str, use: int) -> Iterator[Told]:
        """Enter that a job uses a host."""
        self._hosts.setdefault(host, {})[job] = _User(use)
        yield from self._divide(host)

    def leave(self, job: str, host: str, use: int) -> Iterator[Told]:
        """Enter that a job has nothing more there."""
        users = self._hosts.get(host, {})
        if job in users and users[job].use == use:
            del users[job]
            yield from self._divide(host)

    def fits(self, job: str, host: str, use: int, places: int) -> Iterator[Told]:
        """Enter that a job holds no more than these places."""
        user = self._hosts.get(host, {}).get(job)
        if user and user.use == use:
            user.held = max(user.told, min(user.held, places))
            yield from self._divide(host)

    def idle(self, job: str, *, idle: bool) -> Iterator[Told]:
        """Enter that a job is paused and lets its places go, or that it wants them back."""
        (self._idle.add if idle else self._idle.discard)(job)
        for host in [host for host, users in self._hosts.items() if job in users]:
            yield from self._divide(host)

    def end(self, job: str) -> Iterator[Told]:
        """Enter that a job's process is gone, and all that it held with it."""
        self._idle.discard(job)
        for host in [host for host, users in self._hosts.items() if job in users]:
            del self._hosts[host][job]
            yield from self._divide(host)

    def rotate(self) -> Iterator[Told]:
        """Give the next ones their turn at hosts with fewer places than jobs; to be called now and then."""
        self._turn += 1
        for host in [host for host, users in self._hosts.items() if 0 < self._limit_of(host) < len(users)]:
            yield from self._divide(host)

    def _divide(self, host: str) -> Iterator[Told]:
        users = self._hosts[host]
        if not users:
            del self._hosts[host]
            return
        limit = self._limit_of(host) or UNLIMITED
        targets = self._targets(users, limit)
        for job, user in users.items():
            if user.told > targets[job]:
                user.told = targets[job]
                yield job, host, user.use, user.told
        # Without a limit there is nothing to share out: all may have all.
        free = limit - sum(user.held for user in users.values()) if limit < UNLIMITED else UNLIMITED
        for job, user in users.items():
            raised = min(targets[job], max(user.held, user.told) + free)
            if raised > user.told:
                free -= max(0, raised - user.held) if limit < UNLIMITED else 0
                user.told, user.held = raised, max(user.held, raised)
                yield job, host, user.use, user.told

    def _targets(self, users: dict[str, _User], limit: int) -> dict[str, int]:
        wanting = [job for job in users if job not in self._idle]
        if limit >= UNLIMITED or not wanting:
            return {job: UNLIMITED if job in wanting else 0 for job in users}
        base, over = divmod(limit, len(wanting))
        shift = self._turn if base == 0 else 0
        turns = {job: (number + shift) % len(wanting) for number, job in enumerate(wanting)}
        return {job: base + (turns[job] < over) if job in turns else 0 for job in users}
