"""Pictures written in another format."""

from dataclasses import dataclass, replace
from typing import ClassVar

from downloader.measures import whole, word
from downloader.postprocess.picture import Picture
from downloader.postprocess.srgb import colour
from downloader.postprocess.step import Step, argument
from downloader.postprocess.tones import WHITE, Colour


def _quality(text: str) -> int:
    found = whole(1)(text)
    if found > 100:
        raise ValueError("the most is 100")
    return found


@dataclass(frozen=True, slots=True)
class Convert(Step):
    """``convert=jpeg|png|webp|avif[,QUALITY][,background=COLOUR]``; what has that format already is not written anew.

    The quality, 1 to 100 on the encoder's own scale, holds for whatever is written, so also for a JPEG that another
    step has resized. The background shows through where the format has no transparency.
    """

    format: str = argument(word("jpeg", "png", "webp", "avif"))
    quality: int | None = argument(_quality, default=None)
    background: Colour = argument(colour, default=WHITE)  # noqa: RUF009

    writes: ClassVar[bool] = True

    def __call__(self, picture: Picture) -> None:
        """Wish for the format; the bytes are made at the end of the chain."""
        picture.wish = replace(picture.wish, format=self.format, quality=self.quality, background=self.background)
