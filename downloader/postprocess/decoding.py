"""The edge to the decoders: bytes are opened here, and what a decoder raises becomes ours.

Only formats that the bytes themselves show are opened, each by its own plugin: Pillow's guessing would try forty,
among them one that runs Ghostscript.
"""

import logging
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from downloader.errors import Filtered, ProcessError, TruncatedImage, Undecodable
from downloader.policy.formats import Ending, Format, sniff
from downloader.postprocess import exif
from downloader.postprocess.filter import FilterRules, check_pixels, limit
from downloader.postprocess.header import Header, Size, webp_size

# Odd metadata is no news to anyone who watches ten thousand images go by.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else it is printed where no logging is set up
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

PLUGINS: dict[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    # The class itself, not Pillow's factory: a photograph with a depth or gain map behind it stays one still JPEG.
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "avif": AvifImagePlugin.AvifImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "ico": IcoImagePlugin.IcoImageFile,
}

FOREIGN: dict[type[Exception], type[ProcessError]] = {
    EOFError: TruncatedImage,
    # What Pillow and the libraries under it let through on bytes that are not what they claim to be.
    OSError: Undecodable,
    SyntaxError: Undecodable,
    ValueError: Undecodable,
    TypeError: Undecodable,
    LookupError: Undecodable,
    ArithmeticError: Undecodable,
    AttributeError: Undecodable,
    RuntimeError: Undecodable,
    AssertionError: Undecodable,
    struct.error: Undecodable,
    zlib.error: Undecodable,
}
"""What decoders raise, and what it becomes, most specific first."""

_DESCRIPTIVE = {
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
}

_CUT = re.compile(r"truncated|unexpected end|end of (file|data)|not enough (image )?data|buffer is not large", re.I)


@contextmanager
def decoding(data: bytes, rules: FilterRules) -> Iterator[None]:
    """Turn what a decoder raises on these bytes into Undecodable, TruncatedImage, DecoderMemory or Filtered."""
    try:
        yield
    except Image.DecompressionBombError as error:  # a frame or an embedded picture larger than the header says
        raise Filtered(f"a part of it has more pixels than {limit(rules)}") from error
    except tuple(FOREIGN) as error:
        raise _ours(error, data) from error


def _ours(error: Exception, data: bytes) -> ProcessError:
    text = " ".join(str(part) for part in error.args) or type(error).__name__
    kind = next(ours for foreign, ours in FOREIGN.items() if isinstance(error, foreign))
    if kind is Undecodable and (_CUT.search(text) or not _reached_end(data)):
        kind = TruncatedImage
    return kind(text)


def _reached_end(data: bytes) -> bool:
    ending = Ending()
    ending.feed(data)
    found = sniff(data[:64])
    return found is None or ending.reached(found)


def open_image(data: bytes, rules: FilterRules) -> tuple[Header, ImageFile.ImageFile]:
    """Read the header, and give the image whose pixels are still to be decoded.

    Raises Undecodable or TruncatedImage, and Filtered where opening alone would cost more than ``--max-pixels``.
    """
    # Read at each check that Pillow makes inside its plugins; it raises at twice the limit.
    Image.MAX_IMAGE_PIXELS = rules.max_pixels or None
    kind = _kind(data)
    if kind.name == "webp":
        check_pixels(rules, Header("webp", *webp_size(data), "RGBA"))
    with decoding(data, rules):
        image = PLUGINS[kind.name](BytesIO(data))
        header = Header(kind.name, *image.size, image.mode, getattr(image, "n_frames", 1), _orientation(image))
    if not min(header.size):
        raise Undecodable(f"its header says {header.width}x{header.height} pixels")
    return header, image


def _kind(data: bytes) -> Format:
    found = sniff(data[:64])
    if found is None:
        raise Undecodable(f"the bytes {data[:8]!r} begin no image")
    if found.name not in PLUGINS:
        raise Undecodable(f"there is no decoder for {found.name} here")
    return found


def _orientation(image: ImageFile.ImageFile) -> int:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        value = image.tag_v2.get(exif.ORIENTATION, 1)
    else:
        value = exif.orientation(exif_of(image))
    return value if value in range(1, 9) else 1


def exif_of(image: Image.Image) -> bytes:
    """Give an image's EXIF as it stands in the file, from its TIFF header on; empty for none.

    A TIFF file is itself made of such tags: those that describe the picture, not its storage, are picked out.
    """
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        with suppress(*FOREIGN):  # broken metadata spoil no picture
            return _description(image.getexif())
    found = image.info.get("exif", b"")
    return found.removeprefix(exif.PREFIX) if isinstance(found, bytes) else b""


def _description(told: Image.Exif) -> bytes:
    found = Image.Exif()
    for tag in _DESCRIPTIVE & told.keys():
        found[tag] = told[tag]
    for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if entries := told.get_ifd(part):
            found.get_ifd(part).update(entries)
            found[part] = dict(entries)
    return found.tobytes().removeprefix(exif.PREFIX) if len(found) else b""


def draft(image: ImageFile.ImageFile, size: Size) -> None:
    """Have a JPEG decoded at the smallest eighth-part scale that is no smaller than this; others stay whole.

    All entropy-coded data are read at any scale, so that a cut file is found just the same.
    """
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        image.draft(None, (max(1, size[0]), max(1, size[1])))
