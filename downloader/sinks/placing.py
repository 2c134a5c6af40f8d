"""Putting files in place: each whole or not at all, and never over another's."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from downloader.errors import OutputError
from downloader.policy.naming import FileName

# What file systems without hard links say: FAT, some network shares, and Android.
_NO_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES))


class Placing:
    """Names files in an output folder. A body comes as bytes, or as a part on the same file system.

    A name is taken by a hard link, which fails where anything stands, so nothing can slip in between a look and a
    rename. Every method raises OutputError where the machine cannot do it.
    """

    def __init__(self, folder: Path, parts: Path, *, fsync: bool) -> None:
        self._folder = str(folder)
        self._part = str(parts / "sink.part")
        self._fsync = fsync
        self._made = {""}
        self._links = True

    def make_way(self, name: FileName) -> bool:
        """Make the folders of a name; tells whether they are there."""
        above = name.rpartition("/")[0]
        if above in self._made:
            return True
        path = self._path(above)
        with translated(path):
            try:
                os.makedirs(path, exist_ok=True)  # noqa: PTH103 - strings: this is the hot path
            except (FileExistsError, NotADirectoryError):  # a file stands where a folder is needed
                return False
        self._made.add(above)
        return True

    def has_way(self, name: FileName) -> bool:
        """Tell whether the folders of a name are there."""
        return os.path.isdir(self._path(name.rpartition("/")[0]))  # noqa: PTH112

    def put(self, name: FileName, body: bytes | Path) -> bool:
        """Give a body its name unless anything stands there; tells whether it has it. A part stays where it has not."""
        path = self._path(name)
        try:  # written out: a context manager for each image can be felt
            part = self._written(body)
            try:
                self._link(part, path)
            except FileExistsError:
                if isinstance(body, bytes):
                    os.unlink(part)  # noqa: PTH108
                return False
            if self._fsync:
                self._flush_folder(path)
        except OSError as error:
            raise _cannot_write(path, error) from error
        return True

    def put_over(self, name: FileName, body: bytes | Path) -> bool:
        """Give a body its name in the place of what stands there, but for a folder; tells whether it has it."""
        path = self._path(name)
        with translated(path):
            part = self._written(body)
            try:
                os.replace(part, path)  # noqa: PTH105
            except IsADirectoryError:
                return False
            if self._fsync:
                self._flush_folder(path)
        return True

    def holds(self, name: FileName, size: int, sha256: str) -> bool:
        """Tell whether exactly these bytes stand under a name."""
        path = Path(self._path(name))
        with translated(path):
            if not path.is_file() or path.stat().st_size != size:
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def stands(self, name: FileName) -> bool:
        """Tell whether anything stands under a name, a link that leads nowhere too."""
        return os.path.lexists(self._path(name))

    def remove(self, name: FileName) -> None:
        """Remove a file, which may be gone."""
        path = Path(self._path(name))
        with translated(path):
            path.unlink(missing_ok=True)

    def let_go(self, body: bytes | Path) -> None:
        """Remove the part of a body that is not put in place."""
        if isinstance(body, Path):
            with translated(body):
                body.unlink(missing_ok=True)

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _written(self, body: bytes | Path) -> str:
        part = str(body) if isinstance(body, Path) else self._part
        if isinstance(body, bytes):
            _write_new(part, body)
        if self._fsync:
            _flush(part)
        return part

    def _link(self, part: str, path: str) -> None:
        """Move a part to a name that nothing has; raises FileExistsError."""
        if self._links:
            try:
                os.link(part, path)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self._links = False
            else:
                os.unlink(part)  # noqa: PTH108
                return
        # An empty file takes the name, as only one can make it; the part goes over that at once.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            os.replace(part, path)  # noqa: PTH105
        except OSError:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108
            raise

    def _flush_folder(self, path: str) -> None:
        _flush(path.rpartition("/")[0])


def _write_new(part: str, data: bytes) -> None:
    """Write a part that was not there: one that was left may be an image by another name, and is only let go."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    try:
        handle = os.open(part, flags, 0o666)
    except FileExistsError:
        os.unlink(part)  # noqa: PTH108
        handle = os.open(part, flags, 0o666)
    try:
        written = os.write(handle, data)
        while written < len(data):
            written += os.write(handle, memoryview(data)[written:])
    finally:
        os.close(handle)


@contextmanager
def translated(path: str | Path) -> Iterator[None]:
    """Raise the system's errors about the file at ``path`` as OutputError."""
    try:
        yield
    except OSError as error:
        raise _cannot_write(str(path), error) from error


def _cannot_write(path: str, error: OSError) -> OutputError:
    return OutputError(f"cannot write {path!r}: {error.strerror or error}")


def _flush(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
