"""Files that a person asked for: each whole under its name, or not there."""

from contextlib import suppress
from pathlib import Path

from downloader.errors import OutputError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and put it there; raises OutputError, with nothing left behind."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise OutputError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
