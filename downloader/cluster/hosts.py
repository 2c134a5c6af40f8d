"""What several children say of hosts, as one: of a host that is split each of them knows a part."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from downloader.model import HostState


def merged_hosts(states: Iterable[HostState]) -> Sequence[HostState]:
    """Give one state a host, the busiest first: places and tickets are summed, and it rests as long as the longest."""
    found: dict[str, HostState] = {}
    for state in states:
        known = found.get(state.name)
        found[state.name] = _both(known, state) if known else state
    return sorted(found.values(), key=lambda state: (state.in_flight, state.waiting), reverse=True)


def _both(one: HostState, other: HostState) -> HostState:
    return replace(
        one,
        limit=one.limit + other.limit if one.limit and other.limit else 0,
        in_flight=one.in_flight + other.in_flight,
        waiting=one.waiting + other.waiting,
        rests=one.rests + other.rests,
        busy=one.busy + other.busy,
        resting=max(one.resting, other.resting),
        down=one.down and other.down,
    )


def merged_stories(told: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Give what was learnt of each host, by each child that has learnt something."""
    found: dict[str, list[str]] = {}
    for stories in told:
        for host, story in stories.items():
            found.setdefault(host, []).append(story)
    return {host: "; and elsewhere ".join(stories) for host, stories in found.items()}
