"""A parallel image downloader: a list of image URLs goes in, whole, checked images and a truthful ledger come out.

from downloader import download

report = download(["https://example.com/a.jpg"], "images", engine="async", jobs=64)
print(report.saved, report.failed)
"""

from typing import TYPE_CHECKING, Any

from downloader.errors import DownloaderError, InputError, OutputError, UsageError
from downloader.model import Failed, Outcome, Report, Saved, Skipped
from downloader.settings import Settings

if TYPE_CHECKING:
    from downloader.programs import download

__version__ = "0.1.0"

__all__ = [
    "DownloaderError",
    "Failed",
    "InputError",
    "Outcome",
    "OutputError",
    "Report",
    "Saved",
    "Settings",
    "Skipped",
    "UsageError",
    "download",
]


def __getattr__(name: str) -> Any:
    # Loaded on use, so that `downloader --help` waits for no HTTP library.
    if name == "download":
        from downloader.programs import download

        return download
    raise AttributeError(f"module 'downloader' has no attribute {name!r}")
