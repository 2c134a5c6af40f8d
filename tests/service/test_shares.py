"""A host's limit, divided by the jobs that ask it."""

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downloader.service.shares import Division
from tests.service.serving import Served, image_urls, images

JOBS = ("a", "b", "c", "d", "e")


class _World:
    """Jobs that do as they are told, each in its own time; what they may hold is what was last said and heard."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.division = Division(lambda _: limit)
        self.told: dict[str, list[tuple[int, int]]] = defaultdict(list)  # on the way to each job: use and places
        self.may: dict[str, int] = {}
        self.uses: dict[str, int] = defaultdict(int)

    def pass_on(self, messages: object) -> None:
        for job, host, use, places in messages:  # type: ignore[attr-defined]
            assert host == "h:80"
            self.told[job].append((use, places))

    def use(self, job: str) -> None:
        if job not in self.may:
            self.uses[job] += 1
            self.may[job] = 0
            self.pass_on(self.division.use(job, "h:80", self.uses[job]))

    def leave(self, job: str) -> None:
        if self.may.pop(job, None) is not None:
            self.pass_on(self.division.leave(job, "h:80", self.uses[job]))

    def hear(self, job: str) -> None:
        if self.told[job]:
            use, places = self.told[job].pop(0)
            if job in self.may and use == self.uses[job]:
                lowered, self.may[job] = places < self.may[job], places
                if lowered:
                    self.pass_on(self.division.fits(job, "h:80", use, places))

    def idle(self, job: str) -> None:
        self.pass_on(self.division.idle(job, idle=True))

    def wake(self, job: str) -> None:
        self.pass_on(self.division.idle(job, idle=False))

    def settle(self) -> None:
        while any(self.told.values()):
            for job in JOBS:
                self.hear(job)


@settings(max_examples=200)
@given(
    st.integers(1, 9),
    st.lists(st.tuples(st.sampled_from(["use", "leave", "hear", "idle", "wake"]), st.sampled_from(JOBS)), max_size=80),
)
def test_together_they_never_hold_more_than_the_limit(limit: int, steps: list[tuple[str, str]]) -> None:
    """However late words are heard, the places that jobs may take sum up to the limit at most; and when all are
    heard, to all of it, divided evenly."""
    world = _World(limit)
    for word, job in steps:
        getattr(world, word)(job)
        assert sum(world.may.values()) <= limit
    world.settle()
    for job in JOBS:
        world.wake(job)
    world.settle()
    if world.may:
        assert sum(world.may.values()) == limit
        assert max(world.may.values()) - min(world.may.values()) <= 1


def test_with_fewer_places_than_jobs_they_take_turns() -> None:
    """Each has its turn, and nobody a second one before the others."""
    world = _World(2)
    for job in JOBS:
        world.use(job)
    world.settle()
    turns: dict[str, int] = defaultdict(int)
    for _ in range(5):
        for job, places in world.may.items():
            turns[job] += places
        world.pass_on(world.division.rotate())
        world.settle()
        assert sum(world.may.values()) == 2
    assert set(turns.values()) == {2}


def test_a_host_without_a_limit_has_none() -> None:
    """0 is no limit: every job has all."""
    world = _World(0)
    world.use("a")
    world.use("b")
    world.settle()
    assert min(world.may.values()) > 1 << 20


def test_what_a_dead_job_held_is_free_at_once() -> None:
    """Its process is gone, and so are its transfers."""
    world = _World(8)
    world.use("a")
    world.settle()
    world.use("b")
    assert world.may["b"] == 0
    world.pass_on(world.division.end("a"))
    del world.may["a"]
    world.settle()
    assert world.may == {"b": 8}


@pytest.mark.parametrize("engine", ["thread", "async", "curl"])
def test_jobs_share_a_host_for_real(data: Path, engine: str) -> None:
    """Three jobs at one host: the server never sees more than the limit at once, and each job gets its part."""
    with images(latency=0.05) as server:
        flags = ("--allow-host", "127.0.0.1", "--per-host", 6, "--max-running", 3, "--engine", engine)
        with Served(data, *flags) as service:
            jobs = [service.submit(image_urls(server, 200, first=200 * n)) for n in range(3)]
            shares = set()
            with service.events(f"/api/v1/jobs/{jobs[1]}/events") as events:
                for event in events:
                    if event.name in ("progress", "snapshot"):
                        shares |= {host["limit"] for host in event.data["hosts"]}
                    if event.name == "done":
                        break
            for job in jobs:
                assert service.ended(job)["counts"]["saved"] == 200
    assert 2 in shares
    assert 4 < server.most_at_once <= 6


def test_one_place_for_two_jobs(data: Path) -> None:
    """A host that bears one request at a time gets one at a time, from both jobs in turn."""
    with images(latency=0.01) as server:
        with Served(data, "--allow-host", "127.0.0.1", "--per-host", 1, "--max-running", 2) as service:
            jobs = [service.submit(image_urls(server, 100, first=100 * n)) for n in range(2)]
            for job in jobs:
                assert service.ended(job)["counts"]["saved"] == 100
    assert server.most_at_once == 1


def test_a_paused_job_leaves_its_places_to_the_others(data: Path) -> None:
    """The other has the whole limit while one is paused, and half of it again when that goes on."""
    with images(latency=0.1) as server:
        with Served(data, "--allow-host", "127.0.0.1", "--per-host", 6, "--max-running", 2) as service:
            first, second = (service.submit(image_urls(server, 600, first=600 * n)) for n in range(2))
            with service.events(f"/api/v1/jobs/{second}/events") as events:
                limits = (host["limit"] for event in events if event.name == "progress" for host in event.data["hosts"])
                assert next(limit for limit in limits if limit == 3)
                service.say(first, "pause")
                assert next(limit for limit in limits if limit == 6)
                service.say(first, "resume")
                assert next(limit for limit in limits if limit == 3)
    assert server.most_at_once <= 6
