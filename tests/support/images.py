"""Real images of every format, made without an imaging library: same arguments, same bytes."""

import base64
import random
import struct
import zlib

_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWG"
    "kJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSkpKSkpKSkpKT/wAARCAAwAEADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAwIFBv/EABYQAAMAAAAAAAAA"
    "AAAAAAAAAAABAv/EABcBAQEBAQAAAAAAAAAAAAAAAAQCAQb/xAAWEQEBAQAAAAAAAAAAAAAAAAAAAhH/2gAMAwEAAhEDEQA/"
    "AOeUFqBFAigzWTY1BagRQWoK0mbGoEUCKC1BukTY1BagVQWoK0ibZ6gtQIoEUB9c5NjUFqBFBagrSJsagRQIoLUG6TNjUFqB"
    "VBagrSJtnqC1AigRQH1zc2NQWoEUFqCtJmxqBFAigtQbpE2NQWoFUFqCtJm3/9k="
)  # 64 x 48 pixels

_WEBP = base64.b64decode(
    "UklGRooAAABXRUJQVlA4IH4AAAAwBACdASpAADAAPzmIu1U/qKY/rUgD8CcJZAC82BPLOHnhEDv/Mu//+5AA/vH2v/nJTt/U"
    "XTTXKU+LVWTElqBrWfoVaX7P9JC2iAQmijDV3c6D9SjmZ0O3vL0ckmz9xfRiZekuPtfvjImfxqpElV97E4nE6JbTruxHXpaI"
    "AAA="
)  # 64 x 48 pixels

_GIF = base64.b64decode(
    "R0lGODdhEAAMAIEAALyvpDyvZLw3dDw3NCwAAAAAEAAMAAAIPgAHCBwoUIDBgwYJEkSIUOFAhgcdFoQoQCLFhAoDUAQAIIDH"
    "jx45ihQJEuTIkSU/niSZMsBKji1fwkwpE0BAADs="
)  # 16 x 12 pixels

SMALLEST = len(_JPEG)
"""Bytes of the JPEG before padding."""

_SEGMENT = 0xFFFF - 2  # a comment's length field counts its own two bytes (ITU T.81 §B.2.4.5)


def jpeg(size: int | None = None, seed: int = 0) -> bytes:
    """Give a JPEG that decodes, padded with comments of seeded bytes to exactly ``size`` bytes.

    Without a size it is as small as it can be and still differs by seed. The padding holds no 0xFF, so that
    the only end mark in the file is the one at its end.
    """
    wanted = SMALLEST + 4 + 16 if size is None else size
    missing = wanted - SMALLEST
    if missing and missing < 4:
        raise ValueError(f"a JPEG of {wanted} bytes cannot be made: {SMALLEST}, or from {SMALLEST + 4} up")
    return _JPEG[:2] + _comments(missing, random.Random(seed)) + _JPEG[2:]


def png(seed: int = 0, width: int = 16, height: int = 12) -> bytes:
    """Give a PNG that decodes, of seeded pixels."""
    chance = random.Random(seed)
    rows = b"".join(b"\0" + chance.randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def gif() -> bytes:
    """Give a GIF that decodes."""
    return _GIF


def webp() -> bytes:
    """Give a WebP that decodes."""
    return _WEBP


def _ftyp(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body


HEADS = {
    "avif": _ftyp(b"avif", b"avif", b"mif1", b"miaf", b"MA1B"),
    "heic": _ftyp(b"heic", b"mif1", b"heic"),
    "bmp": b"BM" + struct.pack("<IHHIIiiHH", 822, 0, 0, 54, 40, 16, 16, 1, 24),
    "tiff": b"II*\0" + struct.pack("<IH", 8, 10),
    "ico": b"\0\0\1\0\1\0\x10\x10\0\0\0\0\x20\0" + struct.pack("<II", 449, 22),
    "jxl": b"\xff\x0a\xfa\x1f\x01\x90\x11\x08",
}
"""The first bytes of formats by their names, enough to tell them apart and not enough to decode."""


def head(name: str, size: int = 600, seed: int = 0) -> bytes:
    """Give a body that begins as this format does, and goes on with seeded bytes."""
    first = HEADS[name]
    return first + random.Random(seed).randbytes(size - len(first))


def _comments(missing: int, chance: random.Random) -> bytes:
    parts = []
    while missing:
        segment = min(missing, 4 + _SEGMENT)
        if 0 < missing - segment < 4:
            segment -= 4  # leave the last one room for its own head
        parts.append(b"\xff\xfe" + struct.pack(">H", segment - 2))
        parts.append(chance.randbytes(segment - 4).replace(b"\xff", b"\xfe"))
        missing -= segment
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
