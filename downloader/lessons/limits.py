"""Lesson 4, third part: Semaphore and BoundedSemaphore. No more than so many at a time."""

import threading
import time
from contextlib import AbstractContextManager, nullcontext

from downloader.lessons.notebook import Notebook
from downloader.lessons.timeline import Timeline

CREW = 6
PERMITS = 2


def semaphore(book: Notebook) -> None:
    """Let six threads work where two may: without a Semaphore all are in at once."""
    book.head(f"Semaphore: {CREW} threads, of which {PERMITS} may be at work at a time")
    timeline = Timeline()
    without = most_at_once(nullcontext(), CREW, Timeline())
    with_semaphore = most_at_once(threading.Semaphore(PERMITS), PERMITS, timeline)
    book.write(f"  most at work at once: without {without}, with Semaphore({PERMITS}) {with_semaphore}")
    book.draw(timeline)
    book.claim("without a Semaphore the limit is exceeded", holds=without == CREW)
    book.claim("with it the limit is reached and never passed", holds=with_semaphore == PERMITS)


def most_at_once(permit: AbstractContextManager[object], expected: int, timeline: Timeline) -> int:
    """Give how many were in at the same time at most; the first ones stay in until ``expected`` of them are."""
    inside = most = 0
    count = threading.Lock()
    full = threading.Event()

    def work() -> None:
        nonlocal inside, most
        with permit, timeline.span(threading.current_thread().name):
            with count:
                inside += 1
                most = max(most, inside)
                if inside == expected:
                    full.set()
            full.wait(10.0)
            time.sleep(0.1)  # time for one too many to come in, if anything lets it
            with count:
                inside -= 1

    crew = [threading.Thread(target=work, name=f"worker-{number}") for number in range(CREW)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return most


def bounded_semaphore(book: Notebook) -> None:
    """Give a permit back once too often: a Semaphore grows, a BoundedSemaphore says so."""
    book.head(f"BoundedSemaphore: one release() too many, of {PERMITS} permits")
    plain, bounded = threading.Semaphore(PERMITS), threading.BoundedSemaphore(PERMITS)
    plain.release()
    said = ""
    try:
        bounded.release()
    except ValueError as error:
        said = str(error)
    permits = 0
    while plain.acquire(blocking=False):
        permits += 1
    book.write(f"  the Semaphore now has {permits} permits; the BoundedSemaphore raised ValueError: {said}")
    book.claim("a Semaphore lets one too many in from then on", holds=permits == PERMITS + 1)
    book.claim("a BoundedSemaphore refuses at the very line of the mistake", holds=said != "")
