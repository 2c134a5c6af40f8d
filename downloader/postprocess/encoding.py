"""Pixels into bytes, once, at the end of the chain."""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import AvifImagePlugin, Image  # noqa: F401  # the plugin registers itself as it is imported

from downloader.errors import DecoderMemory, Unencodable
from downloader.postprocess import exif
from downloader.postprocess.tones import WHITE, Colour, flattened, in_srgb, plain


@dataclass(frozen=True, slots=True)
class Target:
    """A format that can be written: which modes it holds, and what is told to its encoder."""

    modes: frozenset[str]
    options: Mapping[str, Any]
    moves: bool = False  # whether it can hold an animation


def _target(modes: str, *, moves: bool = False, **options: Any) -> Target:
    return Target(frozenset(modes.split()), options, moves)


TARGETS = {
    # 95 is what img2dataset writes; with colour at half the resolution it costs 39 dB of a photograph at 256 pixels,
    # 90 costs 36 and would undo what a careful resize has kept.
    "jpeg": _target("L RGB CMYK", quality=95),
    "png": _target("1 L LA P RGB RGBA I;16", moves=True),
    "webp": _target("RGB RGBA", moves=True, quality=90, method=4),
    "avif": _target("RGB RGBA", moves=True, quality=80, speed=8),
    "gif": _target("1 L P RGB RGBA", moves=True),
    "tiff": _target("1 L LA P RGB RGBA CMYK I;16 I F", moves=True, compression="tiff_adobe_deflate"),
    "bmp": _target("1 L P RGB"),
}
"""What is written, by the manifest's names of formats; qualities are on each encoder's own scale of 0 to 100."""

INSTEAD = {"ico": "png"}
"""What changed pixels are written as when their own format is no longer one for pictures."""

_STARVED = re.compile(r"out of memory|encoding error 1$|encoding of (color|alpha) planes failed", re.I)
"""How libavif and libwebp (VP8_ENC_ERROR_OUT_OF_MEMORY) say that they were given no memory."""

_LONGEST_EXIF = 0xFFFF - 2 - len(exif.PREFIX)  # one JPEG segment, ITU T.81 §B.1.1.4


@dataclass(frozen=True, slots=True)
class Wish:
    """How an image is to be written."""

    format: str
    quality: int | None = None
    background: Colour = WHITE  # where the format has no alpha


@dataclass(frozen=True, slots=True)
class Metadata:
    """What goes along with the pixels: EXIF from its TIFF header on, ICC profile, and the pace of an animation."""

    exif: bytes = b""
    icc: bytes = b""
    durations: tuple[float, ...] = ()  # milliseconds, of each frame
    loop: int | None = None  # how often an animation plays, 0 for ever


def encode(frames: Sequence[Image.Image], wish: Wish, metadata: Metadata) -> bytes:
    """Write frames (one, or an animation's) as the format wished for."""
    target = TARGETS[wish.format]
    whole = _alike(frames) if len(frames) > 1 and target.moves else frames[:1]
    shown = [_fitting(frame, target, wish.background, metadata.icc) for frame in whole]
    options = dict(target.options) | _kept(metadata, wish.format, profile_fits=_same_colours(frames[0], shown[0]))
    if wish.quality is not None and "quality" in options:
        options["quality"] = wish.quality
    if len(shown) > 1:
        options |= _moving(shown, wish.format, metadata)
    buffer = BytesIO()
    with _encoding(wish.format):
        shown[0].save(buffer, wish.format.upper(), **options)
    return buffer.getvalue()


@contextmanager
def _encoding(format_: str) -> Iterator[None]:
    """Turn what an encoder raises on a picture it cannot take, or has no memory for, into an error of this image."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, OverflowError, struct.error) as error:
        said = " ".join(str(part) for part in error.args)
        kind = DecoderMemory if _STARVED.search(said) else Unencodable
        raise kind(f"it cannot be written as {format_}: {said}") from error


def _alike(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Give an animation's frames in one mode: a GIF's first may have a palette, and the others none."""
    if len({frame.mode for frame in frames}) == 1 and frames[0].mode != "P":
        return list(frames)
    shown = [plain(frame) for frame in frames]
    clear = any(frame.mode in ("LA", "RGBA") for frame in shown)
    return [frame.convert("RGBA" if clear else "RGB") for frame in shown]


def _fitting(image: Image.Image, target: Target, background: Colour, icc: bytes) -> Image.Image:
    if image.mode in target.modes and not (image.mode == "P" and image.palette and image.palette.mode == "RGBA"):
        return image
    # What has no red, green and blue of its own gets them by its profile, while that is known.
    found = in_srgb(image, icc) if image.mode == "CMYK" else plain(image)
    if found.mode not in target.modes:
        found = flattened(found, background) if "RGBA" not in target.modes else found
    if found.mode in target.modes:
        return found
    return found.convert("RGBA" if found.mode == "LA" else "RGB")


def _same_colours(before: Image.Image, after: Image.Image) -> bool:
    return (before.mode == "CMYK") == (after.mode == "CMYK") and before.mode not in ("LAB", "YCbCr")


def _kept(metadata: Metadata, format_: str, *, profile_fits: bool) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if metadata.icc and profile_fits:
        options["icc_profile"] = metadata.icc
    fits = format_ != "jpeg" or len(metadata.exif) <= _LONGEST_EXIF
    if metadata.exif and fits and format_ in ("jpeg", "png", "webp", "avif", "tiff"):
        options["exif"] = exif.PREFIX + metadata.exif
        if format_ == "tiff":
            options["compression"] = "raw"  # libtiff, which compresses, refuses directories below the first
    return options


def _moving(frames: Sequence[Image.Image], format_: str, metadata: Metadata) -> dict[str, Any]:
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    if format_ == "tiff":
        return options
    options["duration"] = [round(duration) for duration in metadata.durations]
    if format_ != "avif" and metadata.loop is not None:
        options["loop"] = metadata.loop
    if format_ == "gif" and any(frame.has_transparency_data for frame in frames):
        options["disposal"] = 2  # or what one frame left clear would show the frame before
    return options
