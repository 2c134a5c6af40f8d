"""What ends a job or a command, and what all errors have in common."""

from typing import ClassVar


def printable(text: str) -> str:
    """Give a text from outside as one line in which nothing moves a terminal's cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


class DownloaderError(Exception):
    """Anything this package raises on purpose; its text is one line made for people."""

    exit_status: ClassVar[int] = 1


class UsageError(DownloaderError):
    """A bad setting, an unknown part, or a folder that is not ours to use."""

    exit_status = 2


class InputError(DownloaderError):
    """The list of URLs cannot be read, or holds none."""

    exit_status = 7


class OutputError(DownloaderError):
    """The machine cannot take the images: disk full, no permission. Ends the job with the manifest true."""

    exit_status = 6


class Starved(DownloaderError):
    """The machine is out of descriptors or threads for a moment: no attempt was made, the task goes back."""
