"""EXIF as JSON values of types that stay the same from image to image."""

import math
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

_LONGEST_TEXT = 1000  # characters
_LONGEST_BYTES = 64
_LONGEST_LIST = 32
_MOST_TAGS = 256
_LARGEST = 1 << 53  # what every reader of JSON takes exactly, RFC 8259 §6
_DIRECTORIES = {ExifTags.IFD.Exif: ExifTags.TAGS, ExifTags.IFD.GPSInfo: ExifTags.GPSTAGS}
_UNTOLD = frozenset((ExifTags.Base.ExifOffset, ExifTags.Base.GPSInfo, ExifTags.Base.MakerNote))


def exif_as_json(tiff: bytes) -> dict[str, Any]:
    """Give the tags of the main, the EXIF and the GPS directory by their names; what cannot be read is left out.

    Texts stay texts, whole numbers whole, rationals become floats (None where the denominator is 0), bytes a hex
    text, several values a list. Directories' places and makers' private notes are left out; sizes are bounded.
    """
    if not tiff:
        return {}
    found = Image.Exif()
    try:
        found.load(tiff)
        parts = [(dict(found), ExifTags.TAGS), *((found.get_ifd(part), names) for part, names in _DIRECTORIES.items())]
    except Exception:  # noqa: BLE001  # a wall: broken metadata spoil no picture, and their reader raises anything
        return {}
    told = [pair for tags, names in parts for pair in _told(tags, names)]
    return dict(sorted(told[:_MOST_TAGS]))


def _told(tags: Mapping[int, Any], names: Mapping[int, str]) -> list[tuple[str, Any]]:
    return [(names.get(tag, f"0x{tag:04x}"), _value(value)) for tag, value in tags.items() if tag not in _UNTOLD]


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").strip().encode("utf-8", "replace").decode("utf-8")[:_LONGEST_TEXT]
    if isinstance(value, bytes):
        return value[:_LONGEST_BYTES].hex()
    if isinstance(value, (list, tuple)):
        return [_value(part) for part in value[:_LONGEST_LIST]]
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else None
    return _number(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)  # a rational
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None
