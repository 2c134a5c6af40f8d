"""How fast a list of latencies could be at best: the greedy schedule."""

import heapq
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """How long each image keeps its client waiting, by its number: lognormal, the same in every run.

    ``median`` is in seconds, ``spread`` is the sigma of the logarithm.
    """

    median: float = 0.1
    spread: float = 0.5
    seed: int = 1

    def of(self, number: int) -> float:
        """Give the seconds of one image."""
        return self.median * random.Random(f"{self.seed}/{number}").lognormvariate(0, self.spread)


def greedy(waits: Iterable[float], places: int) -> float:
    """Give the seconds that tasks take in list order when each begins as soon as one of so many places is free.

    Nothing but the waits takes time: no connection, no transfer, no CPU. A client can come near it and not below.
    """
    free = [0.0] * places
    end = 0.0
    for wait in waits:
        done = free[0] + wait
        heapq.heapreplace(free, done)
        end = max(end, done)
    return end


def waits(latency: Latency, numbers: Sequence[int]) -> Sequence[float]:
    """Give the waits of images in their order."""
    return [latency.of(number) for number in numbers]
