"""Metadata taken out of files without touching their pixels, container by container."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator

from downloader.postprocess import exif

_ENTROPY_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # a marker that is neither stuffing, fill nor restart
_SOS, _EOI, _APP0, _APP2, _APP14, _COM = 0xDA, 0xD9, 0xE0, 0xE2, 0xEE, 0xFE
_APPLICATION = range(0xE0, 0xF0)


def bare_jpeg(data: bytes, tiff: bytes) -> bytes | None:
    """Give a JPEG with no metadata but this EXIF, its colour profile and what its decoder needs; None if it is odd.

    What cameras append behind the end mark (films, second pictures with EXIF of their own) goes too.
    """
    parts = [b"\xff\xd8"]
    if tiff:
        body = exif.PREFIX + tiff
        parts.append(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    for marker, segment in _segments(data):
        if not _is_metadata(marker, segment):
            parts.append(segment)
        if marker == _EOI:
            return b"".join(parts)
    return None


def _is_metadata(marker: int, segment: bytes) -> bool:
    if marker == _APP2:
        return not segment[4:].startswith(b"ICC_PROFILE\0")
    return marker == _COM or (marker in _APPLICATION and marker not in (_APP0, _APP14))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    # ITU T.81 §B.1.1: markers, each with a length but for the end; entropy-coded data follow a scan's header.
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        end = at + 2 if marker == _EOI else at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            found = _ENTROPY_END.search(data, end)
            end = found.start() if found else len(data)
        yield marker, data[at:end]
        at = end


_PNG_TEXT = frozenset((b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"))


def bare_png(data: bytes, tiff: bytes) -> bytes | None:
    """Give a PNG without texts, time and EXIF but this one; None if its chunks cannot be walked."""
    parts = [data[:8]]
    for kind, chunk in _chunks(data):
        if kind not in _PNG_TEXT:
            parts.append(chunk)
        if kind == b"IHDR" and tiff:
            parts.append(_png_chunk(b"eXIf", tiff))
        if kind == b"IEND":
            return b"".join(parts)
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at:end]
        at = end


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04  # flags in VP8X, RFC 9649 §2.7


def bare_webp(data: bytes, tiff: bytes) -> bytes:
    """Give a WebP without XMP and EXIF but this one."""
    parts = []
    for kind, chunk in _riff_chunks(data):
        if kind == b"VP8X" and len(chunk) > 8:
            flags = chunk[8] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if tiff else 0)
            parts.append(chunk[:8] + bytes((flags,)) + chunk[9:])
        elif kind not in (b"EXIF", b"XMP "):
            parts.append(chunk)
    if tiff:
        parts.append(b"EXIF" + struct.pack("<I", len(tiff)) + tiff + bytes(len(tiff) % 2))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2  # chunks begin at even places
        yield data[at : at + 4], data[at:end]
        at = end


BARE: dict[str, Callable[[bytes, bytes], bytes | None]] = {"jpeg": bare_jpeg, "png": bare_png, "webp": bare_webp}
"""How metadata are taken out of each format that can hold them."""


# Every EXIF in the file: the second pictures that cameras append tell the place again.
_JPEG_EXIF = re.compile(rb"\xff\xe1(..)Exif\0\0(?=II\*\0|MM\0\*)", re.DOTALL)
# XMP tells it as attributes or elements (XMP part 2, §3.7).
_XMP_GPS = re.compile(rb"exif:GPS\w+\s*=\s*(?:\"[^\"]*\"|'[^']*')|<exif:GPS(\w+)>[^<]*</exif:GPS\1>")


def _placeless_xmp(xmp: bytes) -> bytes:
    return _XMP_GPS.sub(lambda found: b" " * len(found[0]), xmp)


def _placeless_jpeg(data: bytes) -> bytes:
    edited = bytearray(_placeless_xmp(data))
    for found in _JPEG_EXIF.finditer(data):
        place = slice(found.end(), found.start() + 2 + int.from_bytes(found[1], "big"))
        edited[place] = exif.without_gps(data[place])
    return bytes(edited)


def _placeless_png(data: bytes) -> bytes:
    edits = {b"eXIf": exif.without_gps, b"iTXt": _placeless_xmp}
    chunks = (_png_chunk(kind, edits[kind](chunk[8:-4])) if kind in edits else chunk for kind, chunk in _chunks(data))
    return data[:8] + b"".join(chunks)


def _placeless_webp(data: bytes) -> bytes:
    edits = {b"EXIF": _placeless_webp_exif, b"XMP ": _placeless_xmp}
    return data[:12] + b"".join(edits.get(kind, bytes)(chunk) for kind, chunk in _riff_chunks(data))


def _placeless_webp_exif(chunk: bytes) -> bytes:
    start = 14 if chunk[8:14] == exif.PREFIX else 8  # some writers put JPEG's prefix here
    return chunk[:start] + exif.without_gps(chunk[start:])


PLACELESS: dict[str, Callable[[bytes], bytes]] = {
    "jpeg": _placeless_jpeg,
    "png": _placeless_png,
    "webp": _placeless_webp,
    "tiff": exif.without_gps,  # a TIFF file is made of the same directories
}
"""How the GPS directory is blanked where it stands, length for length."""
