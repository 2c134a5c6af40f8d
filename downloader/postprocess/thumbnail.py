"""A small picture beside the image."""

from dataclasses import dataclass

from PIL import Image

from downloader.measures import whole
from downloader.policy.naming import BESIDE
from downloader.postprocess.encoding import Metadata, Wish, encode
from downloader.postprocess.header import Header, Size
from downloader.postprocess.orient import upright
from downloader.postprocess.picture import Picture
from downloader.postprocess.resize import Resize
from downloader.postprocess.step import Step, argument
from downloader.postprocess.tones import in_srgb

_QUALITY = 75  # a thumbnail is looked at, not worked on


@dataclass(frozen=True, slots=True)
class Thumbnail(Step):
    """``thumbnail=SIZE``: a WebP no longer than SIZE on its longer side, upright, in sRGB and without metadata."""

    size: int = argument(whole(1))

    def needs(self, header: Header) -> Size | None:
        """See the pixels as resizing well would."""
        return self._resize.needs(header)

    @property
    def _resize(self) -> Resize:
        return Resize(self.size, "keep-ratio-largest", only_larger=True)

    def __call__(self, picture: Picture) -> None:
        """Leave the thumbnail among the extras; the picture stays as it is."""
        image = in_srgb(picture.pixels, picture.metadata.icc)
        if self._resize.applies(picture.size):
            image = image.resize(self._resize.scaled(picture.size), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image = upright(image, picture)
        picture.extras[BESIDE["thumbnail"]] = encode([image], Wish("webp", _QUALITY), Metadata())
