"""Who did what: the attempts of a run laid out in lanes, in none of which two overlap."""

from downloader.comparison.raw import Attempt, Run


def lay(run: Run) -> list[list[Attempt]]:
    """Give the attempts of each lane, in order of start.

    Each takes the first lane that is free, so that there are as many as were at work at once: the permits. A thread
    is made for one attempt and an event loop has one for all, so the threads' own names would tell less.
    """
    lanes: list[list[Attempt]] = []
    for attempt in sorted(run.attempts, key=lambda attempt: attempt.start):
        free = next((lane for lane in lanes if lane[-1].end <= attempt.start), None)
        if free is None:
            lanes.append([attempt])
        else:
            free.append(attempt)
    return lanes
