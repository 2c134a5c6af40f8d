"""What the steps of one image share."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from PIL import Image, ImageFile, ImageSequence

from downloader.postprocess import exif
from downloader.postprocess.decoding import decoding, draft, exif_of, open_image
from downloader.postprocess.encoding import INSTEAD, Metadata, Wish, encode
from downloader.postprocess.filter import FilterRules, check, check_pixels
from downloader.postprocess.header import Size


class Picture:
    """One image: its bytes, its header, and its pixels, decoded once and only when a step asks.

    Owned by the chain that made it, for one call. Steps change pixels by ``each`` or ``replace``, bytes by
    ``rewrite``, and leave what they found out in ``fields`` (JSON values) and ``extras`` (files by their suffix).
    """

    def __init__(self, data: bytes, rules: FilterRules) -> None:
        """Read the header; raises Filtered, Undecodable and TruncatedImage."""
        self.data = data
        self.fields: dict[str, Any] = {}
        self.extras: dict[str, bytes] = {}
        self.header, self._source = open_image(data, rules)
        check(rules, self.header)
        self.wish = Wish(self.header.format)
        with decoding(data, rules):
            self.metadata = _metadata(self._source)
        self.source_exif = self.metadata.exif
        self.orientation = self.header.orientation
        self.size: Size = self.header.size  # what the pixels stand for, at full resolution
        self._rules = rules
        self._needed: Size = (1, 1)
        self._frames: list[Image.Image] = []
        self._body: bytes | None = None
        self._changed = False

    def need(self, size: Size) -> None:
        """Have the pixels decoded no smaller than this; to be said before anything looks at them."""
        self._needed = max(self._needed[0], size[0]), max(self._needed[1], size[1])

    @property
    def frames(self) -> list[Image.Image]:
        """The frames that are worked on: the first, or all with ``--frames all``. They may be smaller than ``size``.

        Raises Undecodable, TruncatedImage, DecoderMemory, and Filtered for a frame that is larger than the header.
        """
        if not self._frames:
            with decoding(self.data, self._rules):
                draft(self._source, self._needed)
                self._frames = list(self._decoded())
        return self._frames

    @property
    def pixels(self) -> Image.Image:
        """The first frame."""
        return self.frames[0]

    def _decoded(self) -> Iterator[Image.Image]:
        if self.header.frames == 1 or self._rules.frames != "all":
            self._source.load()
            # Encoders copy a TIFF file's tags from the object it was read into; a copy has none.
            yield _alone(self._source.copy() if self.header.format == "tiff" else self._source)
            return
        durations = []
        for frame in ImageSequence.Iterator(self._source):
            check_pixels(self._rules, replace(self.header, width=frame.width, height=frame.height))
            frame.load()
            durations.append(float(frame.info.get("duration") or 0))
            yield _alone(frame.copy())
        self.metadata = replace(self.metadata, durations=tuple(durations))

    def prove(self) -> None:
        """Decode every frame there is, so that bytes to be kept are known to be whole; raises as ``frames`` does."""
        _ = self.frames
        if self.header.frames == 1 or self._rules.frames == "all":
            return
        with decoding(self.data, self._rules):
            for number in range(1, self.header.frames):
                self._source.seek(number)
                check_pixels(self._rules, replace(self.header, width=self._source.width, height=self._source.height))
                self._source.load()

    def allow(self, size: Size) -> None:
        """Raise Filtered for a size, of every frame, that is past ``--max-pixels`` as no source's may be."""
        check_pixels(self._rules, replace(self.header, width=size[0], height=size[1]))

    def each(self, change: Callable[[Image.Image], Image.Image], size: Size | None = None) -> None:
        """Change every frame; ``size`` is what the new ones stand for, and is theirs when it is not given."""
        self._frames = [_alone(change(frame)) for frame in self.frames]
        self._changed = True
        self.size = size or self._frames[0].size

    def replace(self, image: Image.Image, size: Size | None = None) -> None:
        """Put a still picture in the place of all frames."""
        self._frames = [_alone(image)]
        self._changed = True
        self.size = size or image.size

    def rewrite(self, body: bytes) -> None:
        """Put other bytes in the place of the source's: the same pixels, with less around them."""
        self._body = body

    @property
    def changed(self) -> bool:
        """Whether the pixels must be encoded anew, because they or the wished format are others."""
        return self._changed or self.wish.format != self.header.format

    def touch(self) -> None:
        """Have the image encoded anew though its pixels are the same."""
        _ = self.frames
        self._changed = True

    @property
    def source_bytes(self) -> bytes:
        """The bytes to be kept if nothing is encoded: the source's own, or as they were rewritten."""
        return self.data if self._body is None else self._body

    def finish(self) -> bytes | None:
        """Give the bytes to store, or None for the source's own; what is kept is proven whole."""
        if not self.changed:
            self.prove()
            return None if self._body in (None, self.data) else self._body
        self.wish = replace(self.wish, format=INSTEAD.get(self.wish.format, self.wish.format))
        frames, metadata = self.frames, self.metadata
        if metadata.exif and self._changed:
            metadata = replace(metadata, exif=exif.for_new_pixels(metadata.exif, *frames[0].size))
        return encode(frames, self.wish, metadata)


def _alone(image: Image.Image) -> Image.Image:
    """Give pixels without their file's metadata, and in an order of bytes that Pillow works on rightly."""
    if image.mode in ("I;16B", "I;16L", "I;16N"):
        image = image.convert("I").convert("I;16")  # big-endian samples come out of a resize as noise
    # What encoders would find here they would write, whatever a step has left out.
    image.info = {key: value for key, value in image.info.items() if key == "transparency"}
    return image


def _metadata(image: ImageFile.ImageFile) -> Metadata:
    icc = image.info.get("icc_profile")
    return Metadata(
        exif=exif_of(image),
        icc=icc if isinstance(icc, bytes) else b"",
        loop=image.info.get("loop"),
    )
