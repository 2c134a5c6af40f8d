"""The founding tutorial on threads as runnable experiments: one short file a lesson, made to be read.

Every lesson is a module with one public function, ``lesson(book)``. It runs what it talks about, writes what it
measured into the notebook and states its claims there; nothing is printed from the text alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from downloader.errors import UsageError
from downloader.lessons.notebook import Notebook


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: the module that holds it, what it shows, and its size where it has one (``--n``)."""

    module: str
    shows: str
    n: int | None = None  # the size it has when none is asked for

    def study(self, book: Notebook, n: int | None = None) -> None:
        """Run the experiments; raises UsageError for a size where there is none, or below 2."""
        teach: Callable[..., None] = import_module(f"downloader.lessons.{self.module}").lesson
        if n is None:
            teach(book)
        elif self.n is None:
            raise UsageError(f"lesson {self.module!r} has no size: leave --n {n} out")
        elif n < 2:
            raise UsageError(f"--n cannot be {n!r}: two workers share the work, so choose 2 or more")
        else:
            teach(book, n)


LESSONS = {
    "threads": Lesson("threads", "subclass Thread with a name; the main thread goes on before them"),
    "daemon": Lesson("daemon", "what dies with the main thread and what does not"),
    "join": Lesson("join", "fork and join, join(timeout) and is_alive(), ident and native_id"),
    "primitives": Lesson("primitives", "Lock to Barrier: the failure without each, and the cure"),
    "images": Lesson("images", "ten images; target=f(), args=(i), and an exception nobody caught"),
    "gil": Lesson("gil", "a long sum in one thread, two threads and two processes", n=100_000_000),
    "cpu-in-c": Lesson("cpu_in_c", "decoding JPEGs: work in C that lets go of the GIL", n=24),
}
