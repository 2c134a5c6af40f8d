"""The step that is always taken: every pixel is decoded."""

from dataclasses import dataclass

from downloader.postprocess.picture import Picture
from downloader.postprocess.step import Step


@dataclass(frozen=True, slots=True)
class Decode(Step):
    """Prove that the pixels are there: a header alone says nothing of what follows it."""

    def __call__(self, picture: Picture) -> None:
        """Decode; raises Undecodable, TruncatedImage and DecoderMemory."""
        _ = picture.pixels
