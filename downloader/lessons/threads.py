"""Lesson 1: a thread is an object with a name, and whoever starts it goes on at once."""

import threading
import time

from downloader.lessons.notebook import Notebook
from downloader.lessons.timeline import Timeline

SECONDS = 1.0
"""How long each thread pretends to work."""


class Worker(threading.Thread):
    """A thread made by subclassing: ``run`` is its program, ``start`` begins it."""

    def __init__(self, name: str, timeline: Timeline) -> None:
        super().__init__(name=name)  # first of all: without it start() raises RuntimeError
        self._timeline = timeline
        self.ran_in = ""

    def run(self) -> None:
        """Work for a while, and remember in which thread that was."""
        self.ran_in = threading.current_thread().name  # currentThread() is the old spelling, deprecated since 3.10
        with self._timeline.span(self.ran_in):
            time.sleep(SECONDS)


class Forgetful(threading.Thread):
    """A subclass that does not call ``super().__init__()``."""

    def __init__(self) -> None:
        pass


def lesson(book: Notebook) -> None:
    """Show that the main thread goes on, what run() does without start(), and what a thread must not forget."""
    goes_on(book)
    run_is_no_start(book)
    forgotten_init(book)


def goes_on(book: Notebook) -> None:
    """Start three threads and look at once whether they are still at work."""
    book.head("Three threads start; the main thread does not wait for them")
    timeline = Timeline()
    workers = [Worker(f"worker-{number}", timeline) for number in range(3)]
    with timeline.span("main"):
        for worker in workers:
            worker.start()
            book.write(f"  main: started {worker.name}")
        alive = [worker.name for worker in workers if worker.is_alive()]
        book.write(f"  main: my own work is done, and these are still at it: {', '.join(alive)}")
    for worker in workers:
        worker.join()
    book.draw(timeline)
    book.claim("all three were at work when main had nothing left to do", holds=len(alive) == 3)
    book.claim("each ran under its own name", holds=[w.ran_in for w in workers] == [w.name for w in workers])
    book.claim(
        "three seconds of waiting took less than three: the threads waited side by side",
        holds=timeline.seconds < 3 * SECONDS,
    )


def run_is_no_start(book: Notebook) -> None:
    """Call run() where start() was meant: the method runs here, and no thread begins."""
    book.head("run() instead of start()")
    worker = Worker("never-started", Timeline())
    began = time.monotonic()
    worker.run()
    book.write(f"  run() came back after {time.monotonic() - began:.2f} s, and ran in {worker.ran_in!r}")
    book.claim("the work was done by the caller", holds=worker.ran_in == threading.current_thread().name)
    book.claim("no thread has ever begun", holds=worker.ident is None)


def forgotten_init(book: Notebook) -> None:
    """Start a thread whose class forgot to call super().__init__()."""
    book.head("A subclass that forgets super().__init__()")
    said = ""
    try:
        Forgetful().start()
    except RuntimeError as error:
        said = str(error)
    book.write(f"  start() raised RuntimeError: {said}")
    book.claim("such a thread cannot be started", holds=said != "")
