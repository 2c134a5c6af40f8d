"""Pictures turned the way they are meant to be seen."""

from dataclasses import dataclass, replace
from typing import ClassVar

from PIL import Image

from downloader.postprocess import exif
from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each orientation, TIFF 6.0 §8; Pillow's rotations go against the clock."""


TURNED_ON_DECODING = frozenset(("tiff",))
"""Formats whose pixels Pillow turns by itself as it decodes them, and whose tag it does not write again."""


@dataclass(frozen=True, slots=True)
class Orient(Step):
    """``orient``: apply the EXIF rotation to the pixels, and say in the EXIF that none is left."""

    writes: ClassVar[bool] = True

    def __call__(self, picture: Picture) -> None:
        """Turn every frame; a picture that stands upright keeps its bytes."""
        if picture.orientation == 1:
            return
        width, height = picture.size
        turned = picture.header.orientation >= 5 and picture.header.format not in TURNED_ON_DECODING
        picture.each(lambda frame: upright(frame, picture), (height, width) if turned else (width, height))
        picture.orientation = 1
        picture.metadata = replace(picture.metadata, exif=exif.upright(picture.metadata.exif))


def upright(frame: Image.Image, picture: Picture) -> Image.Image:
    """Give a frame of this picture the way it is meant to be seen."""
    turn = _TURNS.get(picture.orientation)
    if turn is None or picture.header.format in TURNED_ON_DECODING:
        return frame
    return frame.transpose(turn)
