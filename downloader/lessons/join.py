"""Lesson 3: fork and join. Start them all, then wait for them all."""

import threading
import time
from itertools import pairwise

from downloader.lessons.notebook import Notebook
from downloader.lessons.timeline import Timeline

ONE_BY_ONE = 20
"""Threads started one after another to see their numbers used again."""


def lesson(book: Notebook) -> None:
    """Join threads in a list, give up waiting, join what cannot be joined, and tell threads apart."""
    fork_and_join(book)
    joined_too_early(book)
    join_with_a_timeout(book)
    joins_that_cannot_be(book)
    numbers(book)


def work(timeline: Timeline, seconds: float) -> None:
    """Sleep in a lane of the timeline."""
    with timeline.span(threading.current_thread().name):
        time.sleep(seconds)


def make_crew(timeline: Timeline) -> list[threading.Thread]:
    """Give three threads that need 0.2, 0.4 and 0.6 s."""
    needs = (0.2, 0.4, 0.6)
    return [threading.Thread(target=work, args=(timeline, need), name=f"needs-{need}") for need in needs]


def fork_and_join(book: Notebook) -> None:
    """Start all, then join all: the whole takes as long as the longest."""
    book.head("Fork and join: start all in one loop, join all in the next")
    timeline = Timeline()
    crew = make_crew(timeline)
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    book.draw(timeline)
    first, *_, last = sorted(timeline.spans, key=lambda span: span.began)
    book.claim("behind the last join nobody is at work", holds=not any(thread.is_alive() for thread in crew))
    book.expect(
        "the last began before the first had ended",
        holds=last.began < first.ended,
        otherwise="the machine is so busy that starting three threads took 0.2 s",
    )


def joined_too_early(book: Notebook) -> None:
    """Join each thread in the loop that starts it: correct, and one after another."""
    book.head("The slip: start() and join() in the same loop")
    timeline = Timeline()
    for thread in make_crew(timeline):
        thread.start()
        thread.join()
    book.draw(timeline)
    spans = sorted(timeline.spans, key=lambda span: span.began)
    apart = all(one.ended <= other.began for one, other in pairwise(spans))
    book.claim("no two were at work at the same time", holds=apart)


def join_with_a_timeout(book: Notebook) -> None:
    """Wait no longer than a limit, and ask is_alive() what happened."""
    book.head("join(timeout) gives None in any case; is_alive() tells")
    let_go = threading.Event()
    thread = threading.Thread(target=let_go.wait, name="waits")
    thread.start()
    given = thread.join(0.3)  # type: ignore[func-returns-value]  # that it returns nothing is the lesson
    alive = thread.is_alive()
    book.write(f"  after join(0.3): returned {given!r}, is_alive() {alive}")
    let_go.set()
    thread.join()
    book.write(f"  after its event and join(): is_alive() {thread.is_alive()}")
    book.claim("the time ran out and the thread lived on", holds=alive)
    book.claim("the second join saw its end", holds=not thread.is_alive())


def joins_that_cannot_be(book: Notebook) -> None:
    """Join a thread before its start, and a thread by itself."""
    book.head("Two joins that would wait for ever are refused")
    refusals = []
    for thread in (threading.Thread(name="not-started"), threading.current_thread()):
        try:
            thread.join()
        except RuntimeError as error:
            refusals.append(str(error))
            book.write(f"  {thread.name}: {error}")
    book.claim("each raised RuntimeError", holds=len(refusals) == 2)


def numbers(book: Notebook) -> None:
    """Run threads one after another and collect ``ident`` and ``native_id``."""
    book.head(f"{ONE_BY_ONE} threads, one after another: ident is given again, native_id tells them apart")
    idents, native_ids = set(), set()
    for _ in range(ONE_BY_ONE):
        thread = threading.Thread(target=time.sleep, args=(0.001,))
        thread.start()
        thread.join()
        idents.add(thread.ident)
        native_ids.add(thread.native_id)
    book.write(f"  different idents: {len(idents)}; different native_ids: {len(native_ids)}")
    book.claim("native_id differs for every one", holds=len(native_ids) == ONE_BY_ONE)
    book.expect(
        "an ident was used again",
        holds=len(idents) < ONE_BY_ONE,
        otherwise="Python allows that a number is given again, and this system did not do it",
    )
