"""Who we say we are: name, version, and where the project is at home, if its package says so."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata

from downloader import __version__

NAME = "parallel-image-downloader"


def user_agent() -> str:
    """Give what User-Agent says by default: that of the installed package, as its description has it."""
    try:
        urls = metadata(NAME).get_all("Project-URL") or []
    except PackageNotFoundError:  # run from a source tree
        urls = []
    return product(__version__, urls)


def product(version: str, urls: Sequence[str]) -> str:
    """Write name and version (RFC 9110 §10.1.5), with the home page behind them as crawlers write theirs.

    ``urls`` are the package's, each a label and a page: "Homepage, https://…".
    """
    pages = dict(url.split(", ", 1) for url in urls)
    home = next((page for label, page in pages.items() if label.lower() in ("homepage", "home", "repository")), "")
    return f"{NAME}/{version}" + (f" (+{home})" if home else "")
