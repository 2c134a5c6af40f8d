"""Lesson 6: adding up to a hundred million. Threads take turns at Python code; processes do not."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from downloader.lessons.notebook import Notebook, cores, describe_machine, gil_is_on
from downloader.lessons.timeline import Timeline

STOP = "STOP"
"""The sentinel: a worker's last word in the queue."""

GAIN = 1.25
"""From here on a time counts as better: two workers can bring 2, and a machine's noise about 1.1."""

LONGEST = 600.0
"""Seconds after which a process that says nothing is taken for dead."""


@dataclass(frozen=True, slots=True)
class Part:
    """A worker's part of the sum: when it was at work (monotonic clock), and its seconds on a processor."""

    worker: str
    total: int
    began: float
    ended: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Run:
    """One way to do the whole sum, with the seconds from before its start to behind its last join."""

    way: str
    parts: Sequence[Part]
    seconds: float

    @property
    def total(self) -> int:
        """The sum of the parts."""
        return sum(part.total for part in self.parts)

    @property
    def share(self) -> float:
        """How much of their time the workers had a processor, from 0 to 1."""
        return sum(part.cpu for part in self.parts) / max(sum(part.ended - part.began for part in self.parts), 1e-9)


Cut = tuple[str, int, int]
"""A worker's name and its numbers: the first, and the end, which as in ``range`` is not one of them."""


def lesson(book: Notebook, n: int = 100_000_000) -> None:
    """Add up the ``n`` numbers from 0 to n-1 in one thread, two threads and two processes, side by side."""
    book.head(f"The sum 0 + 1 + … + {n - 1:,} ({describe_machine()})")
    # The end of one half is the beginning of the other. With `end - 1` or `end + 1` at the seam, the tutorial's slip, a
    # number is left out or added twice: ranges are half open.
    halves = [("a", 0, n // 2), ("b", n // 2, n)]
    runs = [
        timed("one thread", in_threads, [("a", 0, n)]),
        timed("two threads", in_threads, halves),
        timed("two processes", in_processes, halves),
    ]
    for run in runs:
        tell(book, run)
    book.write()
    book.claim(f"each gives {n * (n - 1) // 2}", holds=all(run.total == n * (n - 1) // 2 for run in runs))
    judge(book, *runs)


def add_up(cut: Cut) -> Part:
    """Add numbers one by one, in Python code: the loop is what the lesson is about."""
    worker, first, end = cut
    began, cpu = time.monotonic(), time.thread_time()
    total = 0
    for number in range(first, end):
        total += number
    return Part(worker, total, began, time.monotonic(), time.thread_time() - cpu)


def in_threads(cuts: Sequence[Cut]) -> list[Part]:
    """Give each cut to a thread; a list takes their results, as threads share all memory."""
    parts: list[Part] = []
    threads = [threading.Thread(target=append_sum, args=(parts, cut)) for cut in cuts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return parts


def append_sum(parts: list[Part], cut: Cut) -> None:
    """Be the program of one thread."""
    parts.append(add_up(cut))


def in_processes(cuts: Sequence[Cut]) -> list[Part]:
    """Give each cut to a Process; a Queue carries their results over, as processes share nothing.

    The tutorial's example of processes started Threads, and so measured the GIL once more. These are processes.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold just now
    queue = context.Queue()
    processes = [context.Process(target=put_sum, args=(queue, cut)) for cut in cuts]
    for process in processes:
        process.start()
    parts: list[Part] = []
    stops = 0
    while stops < len(processes):  # taken before the join: a process ends only when its queue has been emptied
        word = queue.get(timeout=LONGEST)
        if word == STOP:
            stops += 1
        else:
            parts.append(word)
    for process in processes:
        process.join()
    return parts


def put_sum(queue: Any, cut: Cut) -> None:
    """Be the program of one process: its part, then the sentinel."""
    queue.put(add_up(cut))
    queue.put(STOP)


def timed(way: str, work: Callable[[Sequence[Cut]], list[Part]], cuts: Sequence[Cut]) -> Run:
    """Do the sum one way, with the clock running."""
    began = time.monotonic()
    parts = work(cuts)
    return Run(way, parts, time.monotonic() - began)


def tell(book: Notebook, run: Run) -> None:
    """Write down one run: its time, its lanes, and how much of its time each worker had a processor."""
    book.head(f"{run.way}: {run.seconds:.2f} s, sum {run.total}")
    timeline = Timeline()
    for part in run.parts:
        timeline.add(part.worker, part.began, part.ended)
    book.draw(timeline)
    cpu = ", ".join(f"{part.worker} {part.cpu:.2f} s" for part in sorted(run.parts, key=lambda part: part.worker))
    book.write(f"  on a processor: {cpu}, {run.share:.0%} of their time")


def judge(book: Notebook, one: Run, threads: Run, processes: Run) -> None:
    """Compare the times: what is expected hangs on the interpreter and on the machine."""
    by_threads, by_processes = one.seconds / threads.seconds, one.seconds / processes.seconds
    book.write(f"  one thread / two threads = {by_threads:.2f}, one thread / two processes = {by_processes:.2f}")
    if cores() == 1:
        book.write("  one core: neither threads nor processes can work at the same time here")
        return
    if gil_is_on():
        text, as_told = "two threads are no faster: they took turns", by_threads < GAIN
    else:
        text, as_told = "two threads are faster: no GIL makes them take turns", by_threads > GAIN
    book.expect(text, holds=as_told, otherwise=why_not(threads))
    text = "two processes are faster: each has a GIL of its own"
    book.expect(text, holds=by_processes > GAIN, otherwise=why_not(processes))


def why_not(run: Run) -> str:
    """Say what may have kept the workers from showing it."""
    at_work = max(part.ended for part in run.parts) - min(part.began for part in run.parts)
    if at_work < run.seconds / 2:
        return "starting them took longer than the sum; try a larger --n"
    return f"they had a processor for {run.share:.0%} of their time; where others want it, too, measure again"
