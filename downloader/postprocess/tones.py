"""Pixels of every mode turned into plain 8-bit ones, with the tones they stand for."""

import math
from functools import lru_cache
from io import BytesIO
from typing import TypeAlias

from PIL import Image, ImageCms

Colour: TypeAlias = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)

PLAIN = frozenset(("L", "LA", "RGB", "RGBA"))

_FROM_16 = [round(value / 257) for value in range(1 << 16)]  # 65535 / 255
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def plain(image: Image.Image) -> Image.Image:
    """Give L, LA, RGB or RGBA with the same look; colours keep their profile, but for CMYK, YCbCr and LAB."""
    if image.mode in PLAIN:
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        return eight_bits(image)
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if image.mode == "PA" or image.has_transparency_data else "RGB")
    if image.mode == "LAB":
        return _transformed(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    return image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, "RGB"))


def eight_bits(image: Image.Image) -> Image.Image:
    """Give the grey tones of samples of 16 bits, 32 bits or floating point as L.

    16-bit samples are scaled by their type. Wider ones declare no range: what lies within 0..1 (floating point) or
    0..255 or 0..65535 is taken to fill that range, anything else is stretched from its least to its most.
    """
    if image.mode.startswith("I;16"):
        return image.convert("I").point(_FROM_16, "L")
    low, high = _extremes(image)
    ranges = ([1.0] if image.mode == "F" else []) + [255.0, 65535.0]
    top = next((top for top in ranges if low >= 0 and high <= top), None)
    if top is None:
        scale, offset = (255 / (high - low), low) if high > low else (0.0, 0.0)
    else:
        scale, offset = 255 / top, 0.0
    # Half a tone is added because converting to L cuts off what stands behind the point.
    return image.convert("F").point(lambda value: value * scale + (0.5 - offset * scale)).convert("L")


def _extremes(image: Image.Image) -> tuple[float, float]:
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]  # one band has one pair
    return (low, high) if math.isfinite(low) and math.isfinite(high) else (0.0, 255.0)


def flattened(image: Image.Image, background: Colour = WHITE) -> Image.Image:
    """Lay a plain image over a colour, so that nothing shines through; without alpha it is given as it is."""
    if image.mode not in ("LA", "RGBA"):
        return image
    grey = image.mode == "LA" and len(set(background)) == 1
    canvas = Image.new("L", image.size, background[0]) if grey else Image.new("RGB", image.size, background)
    canvas.paste(image.convert("LA" if grey else "RGBA").convert(canvas.mode), mask=image.getchannel("A"))
    return canvas


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Give a plain image in sRGB: by its profile where it has one that fits, else by its mode alone."""
    if not profile or image.mode.startswith("I") or image.mode == "F":
        return plain(image)
    if image.mode != "CMYK":
        image = plain(image)
    if image.mode in ("L", "RGB", "CMYK"):
        return _applied(image, profile)
    alpha = image.getchannel("A")
    colours = _applied(image.convert(image.mode[:-1]), profile)
    colours.putalpha(alpha)
    return colours


def _applied(image: Image.Image, profile: bytes) -> Image.Image:
    grey = image.mode == "L"
    try:
        transform = _transform(profile, image.mode)
        found = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that is broken, or of other channels than these
        return plain(image)
    return found.convert("L") if grey and found else found or image


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    return ImageCms.buildTransform(source, _SRGB, mode, "RGB")


def _transformed(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    transform = ImageCms.buildTransform(source, _SRGB, image.mode, "RGB")
    return ImageCms.applyTransform(image, transform) or image.convert("RGB")


@lru_cache(maxsize=8)
def is_srgb(profile: bytes) -> bool:
    """Tell whether a profile is one of the many copies of sRGB, which nothing need be done about."""
    try:
        description = ImageCms.getProfileDescription(BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return description.strip().lower().startswith("srgb")
