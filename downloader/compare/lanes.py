"""Who did what: the attempts of a run laid out in lanes, in none of which two overlap."""

from itertools import count

from downloader.compare.raw import Attempt, Run


def lay(run: Run) -> dict[str, list[Attempt]]:
    """Give the attempts of each lane, in order of start.

    The run's own lanes are kept where there are no more of them than permits, as with slots. A thread that lives for
    one attempt makes a lane of its own: those are laid into as few slots as hold them, which are the permits.
    """
    own = len({attempt.lane for attempt in run.attempts}) <= run.jobs
    lanes: dict[str, list[Attempt]] = {}
    for attempt in sorted(run.attempts, key=lambda attempt: attempt.start):
        lanes.setdefault(_free(lanes, attempt, own=own), []).append(attempt)
    return lanes


def _free(lanes: dict[str, list[Attempt]], attempt: Attempt, *, own: bool) -> str:
    if own and _is_free(lanes, attempt.lane, attempt):
        return attempt.lane
    slots = (f"slot {number}" for number in count(1))
    return next(slot for slot in slots if _is_free(lanes, slot, attempt))


def _is_free(lanes: dict[str, list[Attempt]], lane: str, attempt: Attempt) -> bool:
    return lane not in lanes or lanes[lane][-1].end <= attempt.start
