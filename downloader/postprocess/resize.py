"""Pictures brought to one size."""

from dataclasses import dataclass
from typing import ClassVar

from PIL import Image

from downloader.measures import truth, whole, word
from downloader.postprocess.header import DEPTH, Header, Size
from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step, argument
from downloader.postprocess.tones import plain

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Way:
    margin: float  # how many times the target a JPEG is decoded at least
    filter: Image.Resampling


_WAYS = {"good": _Way(1.5, Image.Resampling.LANCZOS), "fast": _Way(1.0, Image.Resampling.HAMMING)}
"""How each quality is reached.

Measured on photographs with natural statistics (330 KB, 1.2 megapixels) brought to 256 pixels, as stored (JPEG of
quality 95) against a full decode with Lanczos: good 39.5 dB at 2 times the speed of that decode, which itself stores
39.6 dB; fast 35.7 dB at 3.5 times. A margin of 2 gains good nothing; Lanczos would give fast 38.5 dB at 3 times.
"""

_GAP = 1.5
"""What box averaging leaves for the filter to do, in times the target: above 48 dB against the filter alone."""


@dataclass(frozen=True, slots=True)
class Resize(Step):
    """``resize=SIZE[,MODE][,only-larger][,quality=good|fast]``: the modes, and the first as default, are img2dataset's.

    border: the longer side becomes SIZE, and white bands make it a square. keep-ratio: the shorter side becomes SIZE.
    keep-ratio-largest: the longer one does. center-crop: the shorter one does, and the middle square is cut out.
    With ``only-larger`` a picture is left as it is, neither cropped nor bordered, if that side is SIZE or less.
    """

    size: int = argument(whole(1))
    mode: str = argument(word("border", "keep-ratio", "keep-ratio-largest", "center-crop"), default="border")
    only_larger: bool = argument(truth, default=False)
    quality: str = argument(word("good", "fast"), default="good")

    writes: ClassVar[bool] = True

    def needs(self, header: Header) -> Size | None:
        """See the pixels at the target's size, or half as large again."""
        if not self.applies(header.size):
            return None
        width, height = self.scaled(header.size)
        margin = _WAYS[self.quality].margin
        return int(width * margin), int(height * margin)

    def shrinks(self, header: Header) -> bool:
        """The steps behind it see the target's size."""
        return self.applies(header.size)

    def __call__(self, picture: Picture) -> None:
        """Resize every frame, unless they have the wanted size as they are."""
        if self.applies(picture.size) and self.framed(picture.size) != picture.size:
            source = picture.size
            picture.allow(self.scaled(source) if self.mode == "border" else self.framed(source))
            picture.each(lambda frame: self._resized(frame, source))

    @property
    def _squares(self) -> bool:
        return self.mode in ("border", "center-crop")

    def _side(self, size: Size) -> int:
        return min(size) if self.mode in ("keep-ratio", "center-crop") else max(size)

    def applies(self, size: Size) -> bool:
        """Tell whether a picture of this size is resized at all."""
        return not self.only_larger or self._side(size) > self.size

    def scaled(self, size: Size) -> Size:
        """Give the size before cropping and bordering; no side becomes less than a pixel."""
        factor = self.size / self._side(size)
        return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))

    def framed(self, size: Size) -> Size:
        """Give the size of what comes out."""
        return (self.size, self.size) if self._squares else self.scaled(size)

    def _resized(self, frame: Image.Image, source: Size) -> Image.Image:
        scaled = self.scaled(source)
        shown = self.framed(source) if self.mode == "center-crop" else scaled
        window = _window(frame.size, source, scaled, shown)
        whole = _continuous(frame)
        gap = None if whole.mode.startswith("I;16") else _GAP  # Pillow averages boxes of every mode but these
        image = whole.resize(shown, _WAYS[self.quality].filter, box=window, reducing_gap=gap)
        return _bordered(image, self.size) if self.mode == "border" else image


def _continuous(image: Image.Image) -> Image.Image:
    """Give a picture whose samples may be mixed: not indices of a palette, nor bits."""
    return image if image.mode in ("CMYK", *DEPTH) else plain(image)


def _window(frame: Size, source: Size, scaled: Size, shown: Size) -> Box:
    """Give the part of the decoded frame that is shown, in its pixels.

    A JPEG decoded at a part of its size is rounded up to whole pixels, so that what it shows ends inside the last
    ones. To take them as whole shifts the picture by parts of a pixel, and costs 4 dB.
    """
    left, top = (scaled[0] - shown[0]) // 2, (scaled[1] - shown[1]) // 2
    across, down = _reach(frame[0], source[0]) / scaled[0], _reach(frame[1], source[1]) / scaled[1]
    right, bottom = (left + shown[0]) * across, (top + shown[1]) * down
    return left * across, top * down, min(right, frame[0]), min(bottom, frame[1])


def _reach(decoded: int, full: int) -> float:
    return next((full / scale for scale in (1, 2, 4, 8) if -(-full // scale) == decoded), float(decoded))


def _bordered(image: Image.Image, size: int) -> Image.Image:
    image = plain(image) if image.mode not in ("CMYK",) else image
    white = {"CMYK": (0, 0, 0, 0)}.get(image.mode, (255,) * len(image.getbands()))
    canvas = Image.new(image.mode, (size, size), white if len(white) > 1 else white[0])
    canvas.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return canvas
