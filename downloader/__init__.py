"""A parallel image downloader: a list of image URLs goes in, whole, checked images and a truthful ledger come out.

from downloader import download

report = download(["https://example.com/a.jpg"], "images", engine="async", jobs=64)
print(report.saved, report.failed)
"""

TYPE_CHECKING = False  # what typing calls so: loading that takes as long as the rest of this page
if TYPE_CHECKING:
    from typing import Any

    from downloader.errors import DownloaderError, InputError, OutputError, UsageError
    from downloader.model import Failed, Outcome, Report, Saved, Skipped
    from downloader.programs import Compared, compare, download
    from downloader.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "Compared",
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
    "compare",
    "download",
]

_HOMES = {
    "errors": ("DownloaderError", "InputError", "OutputError", "UsageError"),
    "model": ("Failed", "Outcome", "Report", "Saved", "Skipped"),
    "programs": ("Compared", "compare", "download"),
    "settings": ("Settings",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> "Any":
    # Loaded on use: `downloader --help` waits for no HTTP library, and Ctrl-C is ours before anything is loaded.
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'downloader' has no attribute {name!r}")
    return getattr(import_module(f"downloader.{_HOME[name]}"), name)
