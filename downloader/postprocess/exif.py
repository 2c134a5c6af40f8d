"""EXIF edited where it stands: single values change, every offset stays, so that makers' notes stay readable.

Writing EXIF anew moves its parts, and the private notes of camera makers point into the old places. An edit that
keeps the length can also be laid over the file itself, in any container. TIFF 6.0 §2 and EXIF 2.32 §4.6.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = b"Exif\0\0"
"""What stands before the TIFF header in a JPEG's APP1 segment."""

ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_GPS_IFD = 0x8825
_WIDTH, _HEIGHT = 0xA002, 0xA003  # PixelXDimension, PixelYDimension, in the EXIF IFD
_THUMBNAIL, _THUMBNAIL_SIZE = 0x0201, 0x0202  # JPEGInterchangeFormat and its length, in IFD1

_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # of one value, by its type
_SHORT, _LONG = 3, 4
_LARGEST = (
    4096  # bytes of one GPS or thumbnail value; a hostile directory could have one blank the whole file a thousandfold
)


@dataclass(frozen=True, slots=True)
class _Entry:
    at: int  # of its 12 bytes
    tag: int
    kind: int
    count: int

    @property
    def length(self) -> int:
        return _BYTES.get(self.kind, 0) * self.count


class _Directory:
    """One image file directory (IFD) inside a buffer; entries that point outside of it are as if they were not."""

    def __init__(self, buffer: bytearray, order: str, at: int) -> None:
        self._buffer = buffer
        self._order = order
        self._at = at

    def _read(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + form, self._buffer, at)

    @property
    def _count(self) -> int:
        count = self._read("H", self._at)[0] if 0 < self._at <= len(self._buffer) - 2 else 0
        return min(count, (len(self._buffer) - self._at - 2) // 12)

    def entries(self) -> Iterator[_Entry]:
        for number in range(self._count):
            at = self._at + 2 + 12 * number
            yield _Entry(at, *self._read("HHI", at))

    def find(self, tag: int) -> _Entry | None:
        return next((entry for entry in self.entries() if entry.tag == tag), None)

    def number(self, tag: int) -> int | None:
        """Give the single whole number under a tag."""
        entry = self.find(tag)
        if entry is None or entry.count != 1 or entry.kind not in (_SHORT, _LONG):
            return None
        return self._read("H" if entry.kind == _SHORT else "I", entry.at + 8)[0]

    def set(self, tag: int, value: int) -> None:
        """Change the single whole number under a tag, where there is one that can hold it."""
        entry = self.find(tag)
        if entry and entry.count == 1 and (entry.kind == _LONG or (entry.kind == _SHORT and value < 1 << 16)):
            struct.pack_into(self._order + ("H" if entry.kind == _SHORT else "I"), self._buffer, entry.at + 8, value)

    def sub(self, tag: int) -> "_Directory":
        return _Directory(self._buffer, self._order, self.number(tag) or 0)

    def wipe(self) -> None:
        """Blank the directory and all that its entries point to."""
        for entry in list(self.entries()):
            if 4 < entry.length <= _LARGEST:
                self.blank(self._read("I", entry.at + 8)[0], entry.length)
        self.blank(self._at, 2 + 12 * self._count + 4)

    def blank(self, at: int, length: int) -> None:
        end = min(at + length, len(self._buffer))
        if 8 <= at < end:  # never the TIFF header itself
            self._buffer[at:end] = bytes(end - at)

    def remove(self, tag: int) -> None:
        """Take one entry out; those behind it, and the link to the next directory, move up."""
        if not (entry := self.find(tag)):
            return
        end = min(self._at + 2 + 12 * self._count + 4, len(self._buffer))
        self._buffer[entry.at : end] = self._buffer[entry.at + 12 : end] + bytes(12)
        struct.pack_into(self._order + "H", self._buffer, self._at, self._count - 1)

    def next(self) -> "_Directory":
        link = self._link
        inside = self._count and link + 4 <= len(self._buffer)
        return _Directory(self._buffer, self._order, self._read("I", link)[0] if inside else 0)

    def cut(self) -> None:
        """Forget the next directory."""
        if self._count:
            self.blank(self._link, 4)

    @property
    def _link(self) -> int:
        return self._at + 2 + 12 * self._count


def _first(buffer: bytearray) -> _Directory | None:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(buffer[:4]))
    if order is None or len(buffer) < 8:
        return None
    return _Directory(buffer, order, struct.unpack_from(order + "I", buffer, 4)[0])


def orientation(tiff: bytes) -> int:
    """Give the orientation, 1 to 8; 1 where none is told."""
    first = _first(bytearray(tiff))
    value = first.number(ORIENTATION) if first else None
    return value if value is not None and 1 <= value <= 8 else 1


def upright(tiff: bytes) -> bytes:
    """Say that the picture needs no rotation any more."""
    buffer = bytearray(tiff)
    if first := _first(buffer):
        first.set(ORIENTATION, 1)
    return bytes(buffer)


def without_gps(tiff: bytes) -> bytes:
    """Take the GPS directory out and blank its bytes; the length and everything else stay."""
    buffer = bytearray(tiff)
    if (first := _first(buffer)) and first.find(_GPS_IFD):
        first.sub(_GPS_IFD).wipe()
        first.remove(_GPS_IFD)
    return bytes(buffer)


def for_new_pixels(tiff: bytes, width: int, height: int) -> bytes:
    """Say the new size, and blank the thumbnail of the old picture: it may show what was cropped away."""
    buffer = bytearray(tiff)
    if first := _first(buffer):
        camera = first.sub(_EXIF_IFD)
        camera.set(_WIDTH, width)
        camera.set(_HEIGHT, height)
        second = first.next()
        second.blank(second.number(_THUMBNAIL) or 0, second.number(_THUMBNAIL_SIZE) or 0)
        second.wipe()
        first.cut()
    return bytes(buffer)


def only_orientation(value: int) -> bytes:
    """Make the least EXIF there is: which way up the picture is; empty for one that stands upright."""
    if value == 1:
        return b""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, _SHORT, 1, value, 0, 0)
