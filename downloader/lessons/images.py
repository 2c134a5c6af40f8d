"""Lesson 5: ten images in parallel, as in the tutorial; three mistakes; and the engine that does it right."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from downloader.imageserver import ImageServer, Plan
from downloader.job import Job, run_job
from downloader.lessons.notebook import Notebook
from downloader.lessons.timeline import Timeline
from downloader.model import AttemptEnded, Event, Line
from downloader.settings import Settings

IMAGES = 10
PLAN = Plan(latency=0.3, spread=0.3, size=20 << 10, flaky=frozenset({3}))
"""The server's ways: about 0.3 s an image, and image 3 is answered 500 the first time."""


class Album:
    """Fetches images into a folder, and remembers which thread did it and when."""

    def __init__(self, folder: Path, server: ImageServer) -> None:
        self.folder = folder
        self._server = server
        self.timeline = Timeline()

    def fetch(self, index: int) -> None:
        """Fetch one image and write it down; raises requests.HTTPError for a refusal."""
        with self.timeline.span(threading.current_thread().name), requests.Session() as session:
            session.trust_env = False  # the server is on this machine: no proxy stands between
            reply = session.get(self._server.url(index), timeout=10)
            reply.raise_for_status()
            (self.folder / f"image-{index}.jpg").write_bytes(reply.content)

    def count(self) -> int:
        """Give how many images are there."""
        return len(list(self.folder.glob("*.jpg")))


def lesson(book: Notebook) -> None:
    """Make the mistakes, then the tutorial's job, then the project's."""
    with tempfile.TemporaryDirectory(prefix="lesson-") as folder:
        with ImageServer(Plan(latency=0.1, spread=0)) as server:
            called_at_once(book, Album(made(folder, "called"), server))
            not_a_tuple(book, Album(made(folder, "tuple"), server))
            by_keyword(book, Album(made(folder, "keyword"), server))
        with ImageServer(PLAN) as server:
            ten_images(book, Album(made(folder, "plain"), server))
        with ImageServer(PLAN) as server:
            the_engine(book, made(folder, "engine"), server)


def called_at_once(book: Notebook, album: Album) -> None:
    """Write ``target=f()``: the function runs here, one call after another, and the threads get nothing to do."""
    book.head("target=fetch(i): the brackets call it here and now")
    threads = [threading.Thread(target=album.fetch(index), name=f"image-{index}") for index in range(3)]  # type: ignore[func-returns-value]  # the mistake shown
    before_start = album.count()
    run_all(threads)
    book.draw(album.timeline)
    lanes = {span.lane for span in album.timeline.spans}
    book.claim("all three were there before a thread was started", holds=before_start == 3)
    book.claim("the main thread did it all", holds=lanes == {threading.current_thread().name})


def not_a_tuple(book: Notebook, album: Album) -> None:
    """Write ``args=(i)``: brackets alone make no tuple, the comma does."""
    book.head("args=(i) is args=i; args=(i,) is a tuple")
    with unhandled(book) as dead:
        run_all([threading.Thread(target=album.fetch, args=(0), name="number")])  # type: ignore[arg-type]  # the mistake shown
        run_all([threading.Thread(target=album.fetch, args=("10"), name="text")])  # one argument a letter
    run_all([threading.Thread(target=album.fetch, args=(0,), name="tuple")])
    book.claim("a number is refused, a text is taken apart", holds=dead == ["number: TypeError", "text: TypeError"])
    book.claim("with the comma the image is there", holds=(album.folder / "image-0.jpg").is_file())


def by_keyword(book: Notebook, album: Album) -> None:
    """Give arguments by their names."""
    book.head("kwargs={'index': 1}: arguments by name")
    run_all([threading.Thread(target=album.fetch, kwargs={"index": 1}, name="image-1")])
    book.claim("the image is there", holds=(album.folder / "image-1.jpg").is_file())


def ten_images(book: Notebook, album: Album) -> None:
    """Run the tutorial's job: a thread an image, one of which meets a server error that nobody catches."""
    book.head(f"{IMAGES} images, a thread for each; the server refuses image 3 the first time")
    began = time.monotonic()
    with unhandled(book) as dead:
        run_all([threading.Thread(target=album.fetch, args=(i,), name=f"image-{i}") for i in range(IMAGES)])
    seconds = time.monotonic() - began
    book.draw(album.timeline)
    one_by_one = sum(span.ended - span.began for span in album.timeline.spans)
    book.write(f"  total time {seconds:.2f} s; one after another {one_by_one:.2f} s; images there: {album.count()}")
    book.claim("the exception ended its own thread alone", holds=dead == ["image-3: HTTPError"])
    book.claim("join() raised nothing: the total time was told, and looks well", holds=seconds < one_by_one)
    book.claim("one image is missing", holds=album.count() == IMAGES - 1)


def the_engine(book: Notebook, folder: Path, server: ImageServer) -> None:
    """Run the same job through this project: Thread, target and args still, with an outcome for every image."""
    book.head("The same job by this project's thread engine, four permits")
    settings = Settings().replace(output=folder, engine="thread", jobs=4, allow_host=["127.0.0.1"], backoff="0.1:1")
    timeline = Timeline()
    failures: list[str] = []

    def observe(event: Event) -> None:
        if isinstance(event, AttemptEnded):
            now = time.monotonic()
            timeline.add(event.worker.name, now - event.seconds, now)
            failures.extend([f"{event.worker.name}: {event.code}"] if event.code else [])

    report = run_job(Job([Line(url) for url in server.urls(IMAGES)], settings), None, [observe])
    book.draw(timeline)
    book.write(f"  saved {report.saved} in {report.seconds:.2f} s and {report.attempts} attempts; failed: {failures}")
    book.claim("the failure was a value, not a dead thread", holds=failures == ["image-3: server-error"])
    book.claim("it was asked again, and all ten are there", holds=report.saved == IMAGES)


@contextmanager
def unhandled(book: Notebook) -> Iterator[list[str]]:
    """Collect what threads die of, instead of the traceback that threading.excepthook prints otherwise."""
    dead: list[str] = []

    def hook(died: threading.ExceptHookArgs) -> None:
        name = died.thread.name if died.thread else "?"
        dead.append(f"{name}: {died.exc_type.__name__}")
        book.write(f"  threading.excepthook: {name} died of {died.exc_type.__name__}: {died.exc_value}")

    before, threading.excepthook = threading.excepthook, hook
    try:
        yield dead
    finally:
        threading.excepthook = before


def run_all(threads: list[threading.Thread]) -> None:
    """Start all, join all."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def made(folder: str, name: str) -> Path:
    """Give a new folder inside another."""
    path = Path(folder, name)
    path.mkdir()
    return path
