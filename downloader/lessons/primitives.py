"""Lesson 4: what threads agree by. For each: the failure without it, the cure, and where this project uses it."""

from collections.abc import Callable
from dataclasses import dataclass

from downloader.lessons import limits, locks, signals
from downloader.lessons.notebook import Notebook


@dataclass(frozen=True, slots=True)
class Primitive:
    """A class of ``threading``, its experiment, the file of this project that uses it (or None), and why."""

    name: str
    show: Callable[[Notebook], None]
    where: str | None
    why: str


PRIMITIVES = (
    Primitive(
        "Lock",
        locks.lock,
        "downloader/resolver.py",
        "threads that want the same name at once share one look-up",
    ),
    Primitive(
        "RLock",
        locks.rlock,
        None,
        "no function that holds a lock calls one that takes it; a lock guards a few lines",
    ),
    Primitive(
        "Condition",
        signals.condition,
        None,
        "what is handed from thread to thread goes through a SimpleQueue, which waits and wakes by itself",
    ),
    Primitive(
        "Event",
        signals.event,
        "downloader/feeder.py",
        "the reader of a long list pauses while enough is read, and wakes when some was taken",
    ),
    Primitive(
        "Semaphore",
        limits.semaphore,
        "downloader/engines/threads.py",
        "--jobs: so many threads download at a time",
    ),
    Primitive(
        "BoundedSemaphore",
        limits.bounded_semaphore,
        None,
        "a permit is given back in two places that exclude each other: by the attempt, or where none was started",
    ),
    Primitive(
        "Timer",
        signals.timer,
        "downloader/equipment.py",
        "--max-duration: the job drains when its time is over, and the Timer is cancelled when it is done before",
    ),
    Primitive(
        "Barrier",
        signals.barrier,
        None,
        "no download waits for the others half-way; at the end there is join()",
    ),
)


def lesson(book: Notebook) -> None:
    """Show all eight, each followed by its place in this project."""
    for primitive in PRIMITIVES:
        primitive.show(book)
        place = f"used in {primitive.where}" if primitive.where else "not used in this project"
        book.write(f"  {place}: {primitive.why}")
