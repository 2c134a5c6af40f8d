"""Work for pools under test: in a module of its own, so that worker processes can import it.

A body is ``word:argument``; the word says what becomes of the worker that takes it.
"""

import ctypes
import hashlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from downloader.errors import DecoderCrashed, OutputError

LARGE = 5 << 20


def die(_: str) -> str:
    """End as the out-of-memory killer ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)
    return "not reached"


def crash(_: str) -> str:
    """Read where no memory is."""
    return str(ctypes.string_at(0))


def leave(_: str) -> str:
    """Leave without a word."""
    os._exit(3)


def hang(_: str) -> str:
    """Never return, and hold the interpreter all the while, as native code may."""
    return str(re.match(r"(a*)*b", "a" * 64))


def devour(_: str) -> str:
    """Ask for more memory than any test grants."""
    return str(len(bytearray(4 << 30)))


def exhaust(_: str) -> str:
    """Hear from the system that there is no more memory."""
    raise MemoryError


def once(path: str) -> str:
    """Die the first time, and answer from then on."""
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return "answered"
    return die(path)


def late(path: str) -> str:
    """Die the first time; then answer late, and tell which process this is."""
    once(path)
    time.sleep(1.5)
    return str(os.getpid())


def nap(seconds: str) -> str:
    """Take a while."""
    time.sleep(float(seconds))
    return seconds


def refuse(text: str) -> str:
    """Refuse this body alone."""
    raise DecoderCrashed(text)


def stop(text: str) -> str:
    """End the job."""
    raise OutputError(text)


def fail(text: str) -> str:
    """Have a bug."""
    raise ZeroDivisionError(text)


def babble(text: str) -> str:
    """Write where programs read."""
    print(text)  # noqa: T201
    os.write(1, text.encode())
    os.write(2, text.encode())
    sys.stderr.flush()
    return text


def process(_: str) -> str:
    """Tell which process this is."""
    return str(os.getpid())


def thrive(size: str) -> bytes:
    """Give many bytes."""
    return bytes(int(size))


def lambda_back(_: str) -> Callable[[], None]:
    """Give what cannot cross to another process."""
    return lambda: None


WORDS: dict[bytes, Callable[[str], object]] = {
    name.encode(): word
    for name, word in list(globals().items())
    if callable(word) and getattr(word, "__module__", "") == __name__
}


def work(body: bytes) -> object:
    """Do what the body says; of any other body, give the digest."""
    word, colon, argument = body[:200].partition(b":")
    if colon and word in WORDS:
        return WORDS[word](argument.decode())
    return hashlib.sha256(body).hexdigest()


class Unloadable:
    """Work that no worker can load."""

    def __reduce__(self):
        return _missing, ()

    def __call__(self, body: bytes) -> bytes:
        return body


class Fatal(Unloadable):
    """Work that ends each worker while it loads."""

    def __reduce__(self):
        return os._exit, (9,)


def _missing():
    raise ImportError("no module named 'codec'")


class Frail(Unloadable):
    """Work that can be loaded at every third start only; the file's size counts the starts."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return _at_third, (self.path,)


def _at_third(path: str) -> Callable[[bytes], object]:
    with Path(path).open("ab") as starts:
        starts.write(b".")
        starts.flush()
        if starts.tell() % 3:
            os._exit(9)
    return work


class Greedy(Unloadable):
    """Work that needs much memory to be loaded."""

    def __reduce__(self):
        return bytearray, (1 << 30,)
