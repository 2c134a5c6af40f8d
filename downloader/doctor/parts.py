"""Which parts of this program can be used here: engines, extras, and the libraries they stand on."""

import asyncio
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from downloader import registry
from downloader.doctor.finding import Finding, Question
from downloader.errors import DownloaderError
from downloader.measures import AUTO

LIBRARIES = ("requests", "urllib3", "aiohttp", "tenacity", "certifi", "click", "rich")


def engines(_: Question) -> Iterator[Finding]:
    """Import every engine."""
    for name in registry.ENGINES:
        try:
            registry.part("engine", registry.ENGINES, name)
        except DownloaderError as error:
            yield Finding("warn", str(error), "install it to use this engine; the others do without")
        except ImportError as error:
            yield Finding("bad", f"{name} cannot be imported: {error}", "install this package anew")
        else:
            yield Finding("ok", f"{name}{_on(name)}")
    yield Finding("ok", f"--engine auto is {registry.engine_named(AUTO)} here")


def extras(_: Question) -> Iterator[Finding]:
    """Look whether the libraries of each extra are there; nothing is imported."""
    for library, extra in registry.EXTRAS.items():
        there = find_spec(library) is not None
        name = {"PIL": "pillow"}.get(library, library)
        install = f"pip install 'parallel-image-downloader[{extra}]', if you want it"
        yield (
            Finding("ok", f"{extra}: {name} {_version(name)}")
            if there
            else Finding("warn", f"{extra}: {name} is not installed", install)
        )


def libraries(_: Question) -> Iterator[Finding]:
    """Tell the versions that a report of a bug should name."""
    yield Finding("ok", ", ".join(f"{name} {_version(name)}" for name in LIBRARIES))


def _on(engine: str) -> str:
    """Say what an engine stands on, where that may be one thing or another."""
    if engine == "async":
        return f", on {_event_loop()}"
    if engine == "curl":
        import pycurl

        return f", on {' '.join(pycurl.version.split()[1:3])}"
    return ""


def _event_loop() -> str:
    loop = asyncio.new_event_loop()
    loop.close()
    return f"{type(loop).__module__}.{type(loop).__qualname__}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"
