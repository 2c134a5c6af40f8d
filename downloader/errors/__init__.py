"""What can go wrong, as a tree.

DownloaderError
├── UsageError      a setting or a part that does not exist             exit 2
├── InputError      the list cannot be read, or is empty                exit 7
├── OutputError     disk full, no permission: ends the job              exit 6
├── Starved         no descriptor or thread just now: the task goes back, nothing was asked
├── Filtered        one image, refused by the user's own rule; becomes ``Skipped``
├── ProcessError    one image whose bytes came but cannot be worked on; becomes ``Failed``
└── FetchError      one image; never ends a job, becomes ``Failed``
    ├── Transient   worth asking again
    └── Permanent   the answer will not change by asking

The branch decides behaviour: ``isinstance(error, Transient)`` is the whole retry test. The leaf carries the
``code`` that stands in the manifest, and the advice a person reads beside it.
"""

from typing import TypeAlias

from downloader.errors.fetching import (
    BadReply,
    BadUrl,
    Busy,
    Damaged,
    Dns,
    Empty,
    FetchError,
    Forbidden,
    Gone,
    HashMismatch,
    HostDown,
    HttpStatus,
    Missing,
    NoSuchHost,
    NotAnImage,
    NotFound,
    Permanent,
    PrivateAddress,
    ProxyFailed,
    Reset,
    ServerError,
    TimedOut,
    Tls,
    TooLarge,
    TooManyRedirects,
    TooSlow,
    Transient,
    Truncated,
    Unreachable,
)
from downloader.errors.processing import (
    DecoderCrashed,
    DecoderMemory,
    DecoderTimeout,
    Filtered,
    ProcessError,
    TruncatedImage,
    Undecodable,
    Unencodable,
)
from downloader.errors.roots import DownloaderError, InputError, OutputError, Starved, UsageError, printable

__all__ = [
    "BY_CODE",
    "BadReply",
    "BadUrl",
    "Busy",
    "Damaged",
    "DecoderCrashed",
    "DecoderMemory",
    "DecoderTimeout",
    "Dns",
    "DownloaderError",
    "Empty",
    "FetchError",
    "Filtered",
    "Forbidden",
    "Gone",
    "HashMismatch",
    "HostDown",
    "HttpStatus",
    "ImageError",
    "InputError",
    "Missing",
    "NoSuchHost",
    "NotAnImage",
    "NotFound",
    "OutputError",
    "Permanent",
    "PrivateAddress",
    "ProcessError",
    "ProxyFailed",
    "Reset",
    "ServerError",
    "Starved",
    "TimedOut",
    "Tls",
    "TooLarge",
    "TooManyRedirects",
    "TooSlow",
    "Transient",
    "Truncated",
    "TruncatedImage",
    "Undecodable",
    "Unencodable",
    "Unreachable",
    "UsageError",
    "advice",
    "is_transient",
    "printable",
    "remedy",
]

ImageError: TypeAlias = FetchError | ProcessError
"""What becomes of an image as ``Failed``: it has a code, advice and perhaps a remedy."""


def _leaves(kind: type[ImageError]) -> list[type[ImageError]]:
    return [leaf for child in kind.__subclasses__() for leaf in ([child] if "code" in vars(child) else _leaves(child))]


BY_CODE: dict[str, type[ImageError]] = {
    leaf.code: leaf for kind in (FetchError, ProcessError) for leaf in _leaves(kind)
}


def is_transient(code: str) -> bool:
    """Tell whether a failure of this code is worth another run."""
    return issubclass(BY_CODE.get(code, Permanent), Transient)


def advice(code: str) -> str:
    """Say what a person can do about failures of this code."""
    kind = BY_CODE.get(code)
    return kind.advice if kind else ""


def remedy(code: str) -> str:
    """Give the flag with which failures of this code are worth asking again; empty for none."""
    kind = BY_CODE.get(code)
    return kind.remedy if kind else ""
