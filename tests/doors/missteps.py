"""The program with one more step, ``misstep``, which does to its process what an image's own bytes ask for.

    start(*getting(…, "--process", "misstep,resize=64"), command=PROGRAM)

Stands for decoders that have such bugs. A body asks by holding ``misstep:WORD:ARGUMENT;`` anywhere, in a comment for
example; the words are those of ``tests.postprocess.works``. Every image tells in its fields which process had it.
"""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from downloader import registry
from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step
from tests.postprocess import works
from tests.support import hostile, images
from tests.support.hostile import Connection

ROOT = Path(__file__).parents[2]

PROGRAM = (
    sys.executable,
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.doors import missteps; missteps.main()",
)
"""The command that takes the program's place."""

_ASKED = re.compile(rb"misstep:([a-z]+):([^;]*);")


@dataclass(frozen=True, slots=True)
class Misstep(Step):
    """Do what the bytes ask for, once they are decoded."""

    def __call__(self, picture: Picture) -> None:
        """Leave the number of this process in the fields, and never return if so asked."""
        picture.fields["process"] = os.getpid()
        _ = picture.pixels
        if asked := _ASKED.search(picture.data):
            works.WORDS[asked[1]](asked[2].decode())


@dataclass(frozen=True, slots=True)
class Unloadable(Misstep):
    """A step that no worker can load."""

    def __reduce__(self):
        return works.Unloadable().__reduce__()


@dataclass(frozen=True, slots=True)
class Fatal(Misstep):
    """A step that ends each worker while it loads."""

    def __reduce__(self):
        return works.Fatal().__reduce__()


def register() -> None:
    """Have the steps known by their names."""
    for step in (Misstep, Unloadable, Fatal):
        registry.STEPS[step.__name__.lower()] = f"{step.__module__}:{step.__name__}"


def main() -> None:
    """Be the program."""
    from downloader.cli import main as program

    register()
    program()


def at_path(connection: Connection, _: int) -> bool:
    """Answer ``/ask/nap-0.5-7.jpg`` with the seventh JPEG that asks for that; once the gate is open, for nothing."""
    word, argument, name = connection.request.path.removeprefix("/ask/").split("-")
    if connection.server.gate.is_set():
        word = "process"
    connection.send(hostile.sized(asking(word, argument, seed=int(name.partition(".")[0]))))
    return True


SCRIPTS = {**hostile.SCRIPTS, "/ask/*": at_path}
"""What a server needs for such images."""


def asked(word: str, argument: object, count: int) -> list[str]:
    """Give the paths of images that ask for this."""
    return [f"/ask/{word}-{argument}-{number}.jpg" for number in range(count)]


def workers(pid: int) -> list[int]:
    """Give the worker processes of a program: those that share memory with it."""
    return [each for each in descendants(pid) if "memfd:images" in _maps(each)]


def descendants(pid: int) -> set[int]:
    """Give all processes below this one."""
    try:
        children = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}
    except OSError:
        return set()  # it has just ended
    return children.union(*map(descendants, children))


def _maps(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text("utf-8")
    except OSError:
        return ""


def asking(word: str, argument: object = "", seed: int = 0) -> bytes:
    """Give a good JPEG that asks for a misstep, e.g. ``asking("nap", 0.5)``."""
    body, said = images.jpeg(seed=seed), f"misstep:{word}:{argument};".encode()
    return body[:2] + b"\xff\xfe" + (len(said) + 2).to_bytes(2, "big") + said + body[2:]
