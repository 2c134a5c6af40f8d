"""How much a job may weigh, over all its runs: bytes that it stores, and pixels that it works on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from downloader.manifest.database import FOLDER
from downloader.manifest.views import reading
from downloader.model import Committed, Event, Image, Saved
from downloader.ports import Control

TOO_MUCH = "too-much"
"""Why a job stops that stored as many bytes as a job may."""

TOO_MANY_PIXELS = "too-many-pixels"
"""Why a job stops that worked on as many pixels as a job may."""

_SUMS = """SELECT total(bytes), total(source_width * source_height + width * height) FROM images
           WHERE status = 'saved'"""


class Weight:
    """Sums up what is stored, and drains the job at its bounds. Called by the job's own thread alone.

    An image that is stored as it came is not decoded, and has no pixels here; of one that was worked on, those that
    came and those that were made count.
    """

    def __init__(self, folder: Path, orders: Mapping[str, Any], control: Control, drain_timeout: float) -> None:
        """Take the job's folder, where earlier runs may have stored images, and the most it may weigh."""
        self.bytes, self.pixels = _stored(folder)
        self._most = {TOO_MUCH: orders["most_bytes"], TOO_MANY_PIXELS: orders["most_pixels"]}
        self._control = control
        self._drain_timeout = drain_timeout

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if not isinstance(event, Committed):
            return
        for outcome in event.outcomes:
            if isinstance(outcome, Saved):
                self.bytes += outcome.image.size
                self.pixels += pixels(outcome.image)
        for reason, weight in ((TOO_MUCH, self.bytes), (TOO_MANY_PIXELS, self.pixels)):
            if weight >= self._most[reason] and not self._control.stopping:
                self._control.drain(reason, self._drain_timeout)


def pixels(image: Image) -> int:
    """Count the pixels that work on an image was about."""
    work = image.work
    return work.source_width * work.source_height + work.width * work.height if work else 0


def _stored(folder: Path) -> tuple[int, int]:
    """Sum up the images that earlier runs have stored."""
    if not (folder / FOLDER / "manifest.sqlite").exists():
        return 0, 0
    with reading(folder) as database:
        size, area = database.execute(_SUMS).fetchone()
    return int(size), int(area)
