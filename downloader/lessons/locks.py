"""Lesson 4, first part: Lock and RLock. Only one thread at a time."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from downloader.lessons.notebook import Notebook

PATIENCE = 0.3
"""Seconds that a thread waits for a meeting, or for a lock that it will not get."""


def lock(book: Notebook) -> None:
    """Let two threads add 1 to the same number, without a lock and with one."""
    book.head("Lock: two threads add 1 to a counter that stands at 0")
    without, with_lock = count_to_two(nullcontext()), count_to_two(threading.Lock())
    book.write(f"  without: {without}; with a Lock: {with_lock}")
    book.claim("without a Lock an update is lost", holds=without == 1)
    book.claim("with it both arrive", holds=with_lock == 2)


def count_to_two(guard: AbstractContextManager[object]) -> int:
    """Give what two threads make of 0 when each adds 1 inside the guard.

    The unlucky moment between reading and writing is made certain: each thread waits there for the other. Under a lock
    the other cannot come, so the wait ends by its timeout.
    """
    counter = 0
    both_have_read = threading.Barrier(2)

    def add_one() -> None:
        nonlocal counter
        with guard:
            read = counter
            with suppress(threading.BrokenBarrierError):
                both_have_read.wait(PATIENCE)
            counter = read + 1

    run_all(add_one, add_one)
    return counter


def rlock(book: Notebook) -> None:
    """Take a lock twice in the same thread: a Lock waits for itself, an RLock counts."""
    book.head("RLock: a function that holds the lock calls another that takes it, too")
    without, with_rlock = taken_twice(threading.Lock()), taken_twice(threading.RLock())
    book.write(f"  taken a second time: Lock {without}, RLock {with_rlock}")
    book.claim(f"a Lock would wait for itself for ever (given up after {PATIENCE} s)", holds=not without)
    book.claim("an RLock lets its owner in again", holds=with_rlock)


def taken_twice(guard: "threading.Lock | threading.RLock") -> bool:
    """Tell whether a thread that holds the lock can take it once more; a deadlock is cut short by the timeout."""
    with guard:
        got = guard.acquire(timeout=PATIENCE)
        if got:
            guard.release()
    return got


def run_all(*programs: Callable[[], None]) -> None:
    """Run each program in a thread of its own, and join them all."""
    threads = [threading.Thread(target=program) for program in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
