"""Lesson 2: a process lives until its last thread has ended, daemons not counted.

Each experiment is a program of its own in a child process, because only from outside can its end be seen.
"""

import subprocess
import sys
import time
from dataclasses import dataclass

from downloader.lessons.notebook import Notebook
from downloader.lessons.timeline import Timeline

PROGRAM = r"""
import os, threading, time

def say(what):
    os.write(1, f"{{time.monotonic()}} {{what}}\n".encode())

def work():
    say("thread begins")
    begun.set()
    try:
        time.sleep({seconds})
        say("thread ends")
    finally:
        say("thread cleans up")

begun = threading.Event()
thread = threading.Thread(target=work, name="worker", daemon={daemon})
say("main begins")
thread.start()
begun.wait()
time.sleep(0.3)
{then}
say("main ends")
{end}
"""
LONG = 60.0
"""Seconds that nobody waits for: a thread which sleeps so long and a process that ends soon prove the cut."""

LIMIT = 30.0
"""Longest life of a child, in seconds."""


@dataclass(frozen=True, slots=True)
class Life:
    """What a child said, in its order, with its exit status and its span in the monotonic clock."""

    said: dict[str, float]
    status: int
    ended: float


def lesson(book: Notebook) -> None:
    """Let a main thread end before its thread: a normal one, a daemon, a daemon that is joined, and os._exit."""
    stays = live(book, "An ordinary thread, 1 s of work; main ends after 0.3 s", seconds=1.0, daemon=False)
    book.claim("the thread ended its work", holds="thread ends" in stays.said)
    book.claim("main ended first, and the process waited", holds=before(stays, "main ends", "thread ends"))

    dies = live(book, f"The same as a daemon, {LONG:.0f} s of work", seconds=LONG, daemon=True)
    book.claim("the process did not wait for it", holds="thread ends" not in dies.said)
    book.claim("not even its `finally` ran: a daemon is not stopped, it is cut", holds=not cleaned(dies))
    book.claim("that is no error: exit status 0", holds=dies.status == 0)

    joined = live(book, "A daemon that main joins, 1 s of work", seconds=1.0, daemon=True, then="thread.join()")
    book.claim("join() waits for a daemon as for any other", holds=before(joined, "thread cleans up", "main ends"))

    cut = live(book, f"An ordinary thread, {LONG:.0f} s; os._exit(3)", seconds=LONG, daemon=False, end="os._exit(3)")
    book.claim("os._exit waits for nobody, daemon or not", holds=not cleaned(cut) and cut.status == 3)


def live(book: Notebook, title: str, *, seconds: float, daemon: bool, then: str = "", end: str = "") -> Life:
    """Run the program in a fresh interpreter; tell and draw its life."""
    book.head(title)
    program = PROGRAM.format(seconds=seconds, daemon=daemon, then=then, end=end)
    child = subprocess.run(  # noqa: S603 - our own interpreter and the program above
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=False
    )
    ended = time.monotonic()
    words = (line.partition(" ") for line in child.stdout.splitlines())
    life = Life({what: float(when) for when, _, what in words}, child.returncode, ended)
    book.write(f"  it said: {', '.join(life.said)}; exit status {life.status}")
    book.draw(drawn(life))
    return life


def drawn(life: Life) -> Timeline:
    """Give the lanes of a child: a thread that never said its last word was cut at the end of the process."""
    timeline, began = Timeline(), life.said["main begins"]
    timeline.add("main", began, life.said["main ends"])
    timeline.add("worker", life.said["thread begins"], life.said.get("thread cleans up", life.ended))
    timeline.add("process", began, life.ended)
    return timeline


def before(life: Life, first: str, second: str) -> bool:
    """Tell whether both were said, in this order."""
    order = list(life.said)
    return first in order and second in order and order.index(first) < order.index(second)


def cleaned(life: Life) -> bool:
    """Tell whether the thread's ``finally`` was reached."""
    return "thread cleans up" in life.said
