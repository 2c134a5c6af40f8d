"""What tells one picture from another, for the manifest."""

from dataclasses import dataclass

from PIL import Image

from downloader.postprocess.exifjson import exif_as_json
from downloader.postprocess.header import DEPTH, Header, Size
from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step
from downloader.postprocess.tones import eight_bits


@dataclass(frozen=True, slots=True)
class Fingerprint(Step):
    """``fingerprint``: dhash, and width, height, mode, frames, format and EXIF of the source.

    The dhash is of the pixels as they are where the step stands, so before ``resize`` it needs a full decode.
    """

    def needs(self, header: Header) -> Size | None:
        """See every pixel, so that the dhash depends on the picture alone."""
        return header.size

    def __call__(self, picture: Picture) -> None:
        """Leave the fields."""
        header = picture.header
        picture.fields |= {
            "dhash": f"{dhash(picture.pixels):016x}",
            "width": header.width,
            "height": header.height,
            "mode": header.mode,
            "frames": header.frames,
            "format": header.format,
            "exif": exif_as_json(picture.source_exif),
        }


def dhash(image: Image.Image) -> int:
    """Give 64 bits that tell where a picture brightens from left to right, row by row, the first bit highest.

    Neal Krawetz, "Kind of Like That" (2013), as ImageHash 4.3 computes it; wide samples by their true tones.
    """
    grey = eight_bits(image) if image.mode in DEPTH else image.convert("L")
    tones = grey.resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    brightens = (tones[9 * row + column + 1] > tones[9 * row + column] for row in range(8) for column in range(8))
    return sum(1 << 63 - place for place, bit in enumerate(brightens) if bit)
