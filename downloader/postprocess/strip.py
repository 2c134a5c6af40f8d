"""Metadata left out."""

from dataclasses import dataclass, replace
from typing import ClassVar

from downloader.measures import word
from downloader.postprocess import exif
from downloader.postprocess.containers import BARE, PLACELESS
from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step, argument


@dataclass(frozen=True, slots=True)
class Strip(Step):
    """``strip=gps|all``: leave out where a picture was taken, or all that is not needed to show it.

    What is needed stays: the colour profile, and the orientation of a picture that ``orient`` has not turned.
    JPEG, PNG and WebP (and TIFF, for ``gps``) are edited around their pixels, which stay bit for bit the same;
    other formats that hold metadata are encoded anew.
    """

    what: str = argument(word("gps", "all"))

    writes: ClassVar[bool] = True

    def __call__(self, picture: Picture) -> None:
        """Take it out of the bytes to be kept, and of what goes with pixels that are encoded anew."""
        tiff = picture.metadata.exif
        kept = exif.without_gps(tiff) if self.what == "gps" else exif.only_orientation(picture.orientation)
        picture.metadata = replace(picture.metadata, exif=kept)
        if picture.changed:
            return
        format_ = picture.header.format
        edited = _placeless(picture) if self.what == "gps" else _bare(picture, kept)
        if edited is not None:
            picture.rewrite(edited)
        elif format_ == "tiff" or kept != tiff:
            picture.touch()


def _placeless(picture: Picture) -> bytes | None:
    edit = PLACELESS.get(picture.header.format)
    return edit(picture.source_bytes) if edit else None


def _bare(picture: Picture, kept: bytes) -> bytes | None:
    edit = BARE.get(picture.header.format)
    return edit(picture.source_bytes, kept) if edit else None
