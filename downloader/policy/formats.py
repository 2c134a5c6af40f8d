"""Which image format bytes are of, and whether they reach their end."""

from dataclasses import dataclass

HEAD = 64 << 10
"""How many bytes of a JPEG are kept to find where its pixels start; a longer head than this holds no picture."""


@dataclass(frozen=True, slots=True)
class Format:
    """An image format: its name in the manifest, and the suffix its files are stored under."""

    name: str
    suffix: str


_JPEG = Format("jpeg", ".jpg")
_PNG = Format("png", ".png")
_GIF = Format("gif", ".gif")
_WEBP = Format("webp", ".webp")
_AVIF = Format("avif", ".avif")
_HEIC = Format("heic", ".heic")
_BMP = Format("bmp", ".bmp")
_TIFF = Format("tiff", ".tiff")
_ICO = Format("ico", ".ico")
_JXL = Format("jxl", ".jxl")

# First bytes, from each format's specification.
_MAGIC = (
    (b"\xff\xd8\xff", _JPEG),  # ITU T.81 Annex B: SOI, then a marker
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"II+\0", _TIFF),  # BigTIFF
    (b"MM\0+", _TIFF),
    (b"\0\0\1\0", _ICO),
    (b"\xff\x0a", _JXL),  # ISO/IEC 18181-2: bare codestream
    (b"\0\0\0\x0cJXL \r\n\x87\n", _JXL),  # the same in a container
)

# ITU T.81 Annex B: EOI. ISO/IEC 15948 §11.2.5: IEND with its checksum.
_END = {_JPEG: b"\xff\xd9", _PNG: b"IEND\xaeB\x60\x82"}
_TAIL = 4096  # more padding than any block size adds

# ISO/IEC 14496-12 "ftyp" brands. mif1 and msf1 are still-image brands that AVIF and HEIC share; the compatible
# brands behind them decide.
_BRANDS = {b"avif": _AVIF, b"avis": _AVIF} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), _HEIC
)


def sniff(head: bytes) -> Format | None:
    """Tell the format by the first bytes (16 are enough, 64 for a shared brand), or None for what is no image."""
    for magic, format_ in _MAGIC:
        if head.startswith(magic):
            return format_
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    if head[:2] == b"BM" and _is_bmp(head):
        return _BMP
    return _brand(head) if head[4:8] == b"ftyp" else None


def _is_bmp(head: bytes) -> bool:
    # "BM" alone begins many a text: the reserved words are 0 and the info header has one of the known sizes.
    size = int.from_bytes(head[14:18], "little")
    return head[6:10] == bytes(4) and size in (12, 16, 40, 52, 56, 64, 108, 124)


def _brand(head: bytes) -> Format | None:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    if brands[0] not in (b"mif1", b"msf1") and brands[0] not in _BRANDS:
        return None
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), _HEIC)


class Ending:
    """Watches a body go by, and tells whether it reached the end its format marks."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._size = 0
        self._marks = dict.fromkeys(_END.values(), -1)  # where each was last met

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        window = self._tail + data
        start = self._size - len(self._tail)
        for mark in self._marks:
            if (at := window.rfind(mark)) >= 0:
                self._marks[mark] = start + at
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        self._size += len(data)
        self._tail = window[-_TAIL:]

    def reached(self, format_: Format) -> bool:
        """Tell whether the end mark has gone by; formats that have none always end well.

        Cameras append films and maps behind the mark, so it may stand anywhere behind the start of the picture.
        """
        if format_ in _END:
            return self._marks[_END[format_]] > (_scan_start(self._head) if format_ is _JPEG else 0)
        if format_ is _GIF:
            return self._tail.rstrip(b"\0").endswith(b";")
        if format_ is _WEBP:
            return self._size >= 8 + int.from_bytes(self._head[4:8], "little")
        return True


def _scan_start(head: bytes) -> int:
    """Find where a JPEG's pixels start, past the segments that may hold a thumbnail with an end mark of its own."""
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0xDA:  # SOS
            return at
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return at


SUFFIX = {format_.name: format_.suffix for format_ in (_JPEG, _PNG, _GIF, _WEBP, _AVIF, _HEIC, _BMP, _TIFF, _ICO, _JXL)}
"""The suffix each format is stored under, by the format's name."""

ALIASES = frozenset((".jpeg", ".jpe", ".jfif", ".tif", ".heif", ".dib"))
"""Other suffixes that files of these formats go by."""
