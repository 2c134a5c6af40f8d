"""Every exchangeable part by name; a part's module is imported only when the part is chosen."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from downloader.errors import UsageError
from downloader.measures import AUTO

ENGINES = {
    "thread": "downloader.engines.threads:ThreadEngine",
    "async": "downloader.engines.coroutines:AsyncEngine",
    "sequential": "downloader.engines.sequential:SequentialEngine",
    "curl": "downloader.engines.curl:CurlEngine",
}

HTTP2 = frozenset(("curl",))
"""The engines that speak HTTP/2; the others speak HTTP/1.1 alone."""

READERS = {
    "txt": "downloader.sources.text:read_text",
    "csv": "downloader.sources.table:read_csv",
    "tsv": "downloader.sources.table:read_tsv",
    "json": "downloader.sources.jsonarray:read_json",
    "jsonl": "downloader.sources.jsonlines:read_jsonl",
}

SINKS = {
    "folder": "downloader.sinks.folder:FolderSink",
}

STEPS = {
    "decode": "downloader.postprocess.decode:Decode",
    "resize": "downloader.postprocess.resize:Resize",
    "convert": "downloader.postprocess.convert:Convert",
    "orient": "downloader.postprocess.orient:Orient",
    "strip": "downloader.postprocess.strip:Strip",
    "srgb": "downloader.postprocess.srgb:Srgb",
    "fingerprint": "downloader.postprocess.fingerprint:Fingerprint",
    "thumbnail": "downloader.postprocess.thumbnail:Thumbnail",
}

STAGES = {
    "postprocess": "downloader.postprocess.workshop:open_stage",
    "dedupe": "downloader.postprocess.dedupe:Dedupe",
}

LAUNCHERS = {
    "here": "downloader.here:Here",
    "local": "downloader.cluster.local:Local",
}

FITNESS = {"curl": "downloader.engines.libcurl:unfit"}
"""What says why a part that needs something of the machine cannot be used here; nothing where it can."""

EXTRAS = {"PIL": "process", "pycurl": "fast"}
"""The extra that brings a library which only some parts need, by the library's import name."""


def part(kind: str, table: Mapping[str, str], name: str) -> Any:
    """Import a part by its name; raises UsageError that names the nearest one."""
    if name not in table:
        near = get_close_matches(name, table, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        names = [AUTO, *table] if table is ENGINES else table
        raise UsageError(f"there is no {kind} {name!r}: {hint}choose one of {', '.join(names)}")
    try:
        if name in FITNESS and (why := _imported(FITNESS[name])()):
            raise UsageError(f"{kind} {name!r} {why}")
        return _imported(table[name])
    except ModuleNotFoundError as error:
        if (library := (error.name or "").partition(".")[0]) not in EXTRAS:
            raise
        extra = EXTRAS[library]
        raise UsageError(
            f"{kind} {name!r} needs {library}: pip install 'parallel-image-downloader[{extra}]'"
        ) from error


def _imported(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def engine_named(name: str) -> str:
    """Give the engine that a setting means: "auto" is curl where it can be used, else async."""
    if name != AUTO:
        return name
    try:
        return "async" if _imported(FITNESS["curl"])() else "curl"
    except ImportError:
        return "async"


UNREAD = frozenset(("zip", "bz2", "xz", "zst", "7z", "parquet", "xlsx", "xls", "ods"))
"""Suffixes of lists that are surely no text: read as such, every line would be wrong."""


def reader(name: str) -> Any:
    """Give the reader of a list's format; raises UsageError for an unknown one."""
    return part("list format", READERS, name)
