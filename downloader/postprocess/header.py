"""What an image says of itself before a pixel is decoded."""

import struct
from dataclasses import dataclass
from typing import TypeAlias

Size: TypeAlias = tuple[int, int]
"""Width and height, in pixels."""

DEPTH = {"I": 16, "I;16": 16, "I;16L": 16, "I;16B": 16, "I;16N": 16, "F": 32}
"""Bits of one sample, by Pillow's modes; every other mode has 8 (1-bit pictures are kept in bytes as well)."""


@dataclass(frozen=True, slots=True)
class Header:
    """Format (as the manifest names it), size, Pillow's mode, count of frames, EXIF orientation (1 to 8)."""

    format: str
    width: int
    height: int
    mode: str
    frames: int = 1
    orientation: int = 1

    @property
    def size(self) -> Size:
        """Width and height as stored, before any rotation."""
        return self.width, self.height


def webp_size(data: bytes) -> Size:
    """Read the canvas of a WebP: merely opening one with libwebp allocates it twice over.

    RFC 9649 §2.5 (VP8L), §2.7 (VP8X) and RFC 6386 §9.1 (VP8). Gives (0, 0) where the bytes are of no known kind.
    """
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0
