"""Plain lists: one URL a line, blank lines and lines that begin with ``#`` passed over."""

from collections.abc import Iterator
from typing import BinaryIO

from downloader.model import Line
from downloader.policy.address import MAX_URL
from downloader.settings import Intake
from downloader.sources.lines import bounded

MOST = 4 * MAX_URL
"""Longest line, in bytes: no longer one is a URL."""


def read_text(file: BinaryIO, name: str, _: Intake) -> Iterator[Line]:
    """Go through a list; bytes that are no UTF-8 stay what they are and are percent-encoded with the URL."""
    for number, raw in bounded(file, MOST):
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape").strip()
        if text and not text.startswith("#"):
            yield Line(text, f"{name}:{number}")
