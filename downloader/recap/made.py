"""How a run was made: with which settings, by which versions."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from downloader import __version__
from downloader.settings import Settings

LIBRARIES = ("requests", "urllib3", "aiohttp", "pycurl", "pillow")
"""Those that fetch and work on images."""


def changed(settings: Settings) -> Sequence[str]:
    """Name the settings that are not what they are by default; logins count for nothing here."""
    default = Settings().without_secrets()
    return [name for name, value in settings.without_secrets().items() if value != default[name]]


def versions() -> Mapping[str, str]:
    """Give the versions of what ran, by name; what is not installed is left out."""
    found = {"downloader": __version__, "python": platform.python_version(), "system": platform.platform()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
