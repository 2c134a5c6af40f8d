"""Why one image that was fetched is not stored, by code."""

from typing import ClassVar

from downloader.errors.roots import DownloaderError, printable


class Filtered(DownloaderError):
    """The user's own rule refuses this image; its text is the reason. Another run does not ask again."""

    code: ClassVar[str] = "filtered"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = printable(detail)


class ProcessError(DownloaderError):
    """The bytes of one image came whole and cannot be worked on. Asking again by itself would change nothing."""

    code: ClassVar[str]
    advice: ClassVar[str]
    remedy: ClassVar[str] = ""  # the flag with which asking again makes sense

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = printable(detail)  # decoders quote the bytes they stumble over


class Undecodable(ProcessError):
    """No decoder makes pixels of these bytes."""

    code = "undecodable"
    advice = "the file is broken, or of a kind that cannot be decoded here: open one in a viewer to see"


class TruncatedImage(ProcessError):
    """The bytes end before the pixels do."""

    code = "truncated-image"
    advice = "the picture is cut short though the transfer was whole: the file is broken on the server"


class Unencodable(ProcessError):
    """The picture does not go into the format it is to be written in."""

    code = "unencodable"
    advice = "the picture does not go into that format, by its size mostly: convert it to png, or resize it before"


class DecoderCrashed(ProcessError):
    """The worker process died over this image, twice."""

    code = "decoder-crashed"
    advice = "the image kills its decoder: update Pillow, and keep the file as a sample if that changes nothing"


class DecoderTimeout(ProcessError):
    """The image took longer than ``--process-timeout``."""

    code = "decoder-timeout"
    advice = "the image takes too long to work on: allow more with --process-timeout"
    remedy = "--process-timeout 60"


class DecoderMemory(ProcessError):
    """The image needs more memory than ``--worker-memory``."""

    code = "decoder-memory"
    advice = "the image needs too much memory: allow more with --worker-memory, or refuse it with --max-pixels"
    remedy = "--worker-memory 2G"
