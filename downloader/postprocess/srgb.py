"""Pictures in the one colour space that everything expects."""

from dataclasses import dataclass, replace
from typing import ClassVar

from PIL import Image, ImageColor

from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step, argument
from downloader.postprocess.tones import WHITE, Colour, flattened, in_srgb, is_srgb


def colour(text: str) -> Colour:
    """Parse a colour: "white", "#1a2b3c"."""
    try:
        found = ImageColor.getrgb(text)
    except ValueError:
        raise ValueError("write a colour like white or #1a2b3c") from None
    return found[0], found[1], found[2]


@dataclass(frozen=True, slots=True)
class Srgb(Step):
    """``srgb[,background=COLOUR]``: give 8-bit sRGB or grey, without alpha, for whatever came.

    Profiles are applied and dropped, CMYK and wider samples get the tones they stand for, palettes become colours,
    and what is transparent lets the background through. What is so already keeps its bytes.
    """

    background: Colour = argument(colour, default=WHITE)  # noqa: RUF009

    writes: ClassVar[bool] = True

    def __call__(self, picture: Picture) -> None:
        """Change every frame to L or RGB in sRGB."""
        profile = picture.metadata.icc
        foreign = bool(profile) and not is_srgb(profile)
        if not foreign and all(_is_opaque(frame) for frame in picture.frames):
            return
        picture.each(lambda frame: self._changed(frame, profile if foreign else b""), picture.size)
        picture.metadata = replace(picture.metadata, icc=b"")

    def _changed(self, frame: Image.Image, profile: bytes) -> Image.Image:
        if "transparency" in frame.info and frame.mode in ("L", "RGB"):
            frame = frame.convert("LA" if frame.mode == "L" else "RGBA")  # PNG's tRNS: one colour is clear
        return flattened(in_srgb(frame, profile), self.background)


def _is_opaque(frame: Image.Image) -> bool:
    return frame.mode in ("L", "RGB") and not frame.has_transparency_data
