"""All that is done to one image, in one call: bytes in, bytes and what was found out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from downloader.errors import DecoderMemory
from downloader.postprocess import grammar
from downloader.postprocess.decode import Decode
from downloader.postprocess.header import Header, Size
from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step
from downloader.settings import FilterRules


@dataclass(frozen=True, slots=True)
class Processed:
    """What came of an image; ``width`` and ``height`` are those of the pixels to store, before any EXIF rotation."""

    body: bytes | None = field(repr=False)  # None: the source's own bytes are kept
    format: str
    width: int
    height: int
    source_width: int
    source_height: int
    fields: Mapping[str, Any]
    extras: Mapping[str, bytes] = field(repr=False)  # files to stand beside the image, by suffix
    steps: tuple[str, ...]  # the names of those that ran


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps asked for, in the order written, behind the rules that refuse an image. Made once, sent to workers."""

    steps: tuple[tuple[str, Step], ...]
    rules: FilterRules

    @classmethod
    def of(cls, texts: Sequence[str], rules: FilterRules) -> Self:
        """Read what stands behind ``--process``; raises UsageError that names the nearest step or option."""
        steps = tuple(grammar.parse(texts))
        proof = () if any(name == "decode" for name, _ in steps) else (("decode", Decode()),)
        return cls((*proof, *steps), rules)

    def __call__(self, data: bytes) -> Processed:
        """Work on one image; raises Filtered and ProcessError."""
        try:
            return self._processed(data)
        except OverflowError as error:  # sizes past what Pillow can count are past any memory as well
            raise DecoderMemory("the steps need more memory than there is") from error

    def _processed(self, data: bytes) -> Processed:
        picture = Picture(data, self.rules)
        for size in self._needed(picture.header):
            picture.need(size)
        for _, step in self.steps:
            step(picture)
        body = picture.finish()
        return Processed(
            body,
            picture.wish.format,
            *picture.size,
            *picture.header.size,
            picture.fields,
            picture.extras,
            tuple(name for name, _ in self.steps),
        )

    def _needed(self, header: Header) -> Iterator[Size]:
        """Go through the sizes at which steps must see the pixels, up to the one that makes them smaller."""
        for _, step in self.steps:
            if size := step.needs(header):
                yield size
            if step.shrinks(header):
                return
        if any(step.writes for _, step in self.steps):
            yield header.size
