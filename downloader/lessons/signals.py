"""Lesson 4, second part: Condition, Event, Timer and Barrier. One thread waits for a word of another."""

import threading
import time
from collections.abc import Callable

from downloader.lessons.locks import PATIENCE, run_all
from downloader.lessons.notebook import Notebook

LONG = 30.0
"""Seconds that nobody waits for in full: the wait is cut short, and that is what is shown."""


def condition(book: Notebook) -> None:
    """Wake two consumers for one item: ``if`` lets both at it, ``while`` sends one back to wait."""
    book.head("Condition: two consumers wait, one item comes, notify_all() wakes both")
    with_if, with_while = consume(once=True), consume(once=False)
    book.write(f"  asked with `if`: {with_if}; asked with `while`: {with_while}")
    book.claim("who asks only once reaches for an item that is gone", holds=with_if.count("nothing") == 1)
    book.claim("who asks again waits on, and gets the next", holds=sorted(with_while) == ["first", "second"])


def consume(*, once: bool) -> list[str]:
    """Give what two consumers found; they wait before the first item comes, the second comes after that one is gone."""
    items: list[str] = []
    found: list[str] = []
    waiting = 0
    condition = threading.Condition()

    def consumer() -> None:
        nonlocal waiting
        with condition:
            waiting += 1
            while not items:
                condition.wait(LONG)
                if once:
                    break
            found.append(items.pop() if items else "nothing")
            condition.notify_all()

    def producer() -> None:
        with condition:
            while waiting < 2:
                condition.wait(0.01)  # lets go of the lock, so that the consumers come in
            items.append("first")
            condition.notify_all()
            while "first" not in found:
                condition.wait(LONG)
            if not once:
                items.append("second")
                condition.notify_all()

    run_all(consumer, consumer, producer)
    return found


def event(book: Notebook) -> None:
    """Tell a thread in the middle of its pause to end: a flag is not seen, an Event is."""
    book.head("Event: end a thread that is pausing")
    flag: list[bool] = []

    def sleep_then_look() -> None:
        while True:
            time.sleep(1.5)
            if flag:
                return

    asleep = ended_by(sleep_then_look, lambda: flag.append(True))
    stop = threading.Event()
    waiting = ended_by(lambda: stop.wait(LONG), stop.set)
    book.write(f"  alive {PATIENCE} s after the word: with a flag and time.sleep(1.5) {asleep[0]}")
    book.write(f"  ended {waiting[1]:.3f} s after the word: with an Event and wait({LONG:.0f})")
    book.claim("a flag does not reach a thread while it sleeps", holds=asleep[0])
    book.claim("an Event ends the wait long before its time", holds=waiting[1] < LONG / 2)


def ended_by(pause: Callable[[], object], word: Callable[[], object]) -> tuple[bool, float]:
    """Say the word to a thread that pauses; tell whether it lived on for a while, and how long it took to end."""
    thread = threading.Thread(target=pause)
    thread.start()
    began = time.monotonic()
    word()
    thread.join(PATIENCE)
    alive = thread.is_alive()
    thread.join()
    return alive, time.monotonic() - began


def timer(book: Notebook) -> None:
    """Set an alarm for work that is then done in time: a sleeping thread rings all the same, a Timer is cancelled."""
    book.head("Timer: an alarm for work that is done before its time")
    rung: list[str] = []

    def sleep_and_ring() -> None:
        time.sleep(PATIENCE)
        rung.append("thread")

    alarm, timer = threading.Thread(target=sleep_and_ring), threading.Timer(LONG, rung.append, args=("Timer",))
    began = time.monotonic()
    alarm.start()
    timer.start()
    timer.cancel()  # the work is done; the thread has nothing that could be cancelled
    timer.join()
    seconds = time.monotonic() - began
    alarm.join()
    book.write(f"  the work was done at once; what rang all the same: {', '.join(rung)}")
    book.claim("a thread that sleeps rings for work that was done in time", holds="thread" in rung)
    book.claim("a cancelled Timer does not ring", holds="Timer" not in rung)
    book.claim(f"and it is over long before its {LONG:.0f} s", holds=seconds < LONG / 2)


def barrier(book: Notebook) -> None:
    """Let a quick thread read what a slow one is to write: a Barrier makes it wait for that."""
    book.head("Barrier: each writes its half, then reads the other's")
    without, with_barrier = read_by_the_quick(None), read_by_the_quick(threading.Barrier(2))
    book.write(f"  the quick one read: without {without!r}, with a Barrier {with_barrier!r}")
    book.claim("without a Barrier it reads what is not there yet", holds=without is None)
    book.claim("with it nobody reads before all have written", holds=with_barrier == "slow half")


def read_by_the_quick(meeting: threading.Barrier | None) -> str | None:
    """Give what the quick thread read. The slow one writes once the quick one has read, or after a while."""
    halves: dict[str, str] = {}
    found: list[str | None] = []
    has_read = threading.Event()

    def meet() -> None:
        if meeting:
            meeting.wait(LONG)

    def quick() -> None:
        halves["quick"] = "quick half"
        meet()
        found.append(halves.get("slow"))
        has_read.set()

    def slow() -> None:
        has_read.wait(LONG if meeting is None else PATIENCE)
        halves["slow"] = "slow half"
        meet()

    run_all(quick, slow)
    return found[0]
