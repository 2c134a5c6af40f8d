"""Files that a person asked for: each whole under its name, or not there."""

from contextlib import suppress
from pathlib import Path

from downloader.errors import OutputError, UsageError


def check_place(flag: str, path: Path) -> None:
    """Raise UsageError where a file is to stand in no folder, or on one: said before the work, not behind it."""
    if not path.parent.is_dir():
        raise UsageError(f"--{flag} cannot be {str(path)!r}: there is no folder {str(path.parent)!r}, make it first")
    if path.is_dir():
        raise UsageError(f"--{flag} cannot be {str(path)!r}: that is a folder, name a file in it")


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
