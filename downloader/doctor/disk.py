"""What the folder for the images is like: room, permission, and the file system's habits."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from downloader.doctor.finding import Finding, Question, judged
from downloader.pages.units import decimal_text
from downloader.room import free_bytes

LITTLE_ROOM = 1 << 30
"""Bytes below which a list of any length may fill the disk: ten thousand images of 100 kB."""

NO_ROOM = 64 << 20
"""Bytes below which one image of the default --max-bytes may not fit."""

SLOW_FLUSH = 0.05
"""Seconds for one fsync above which --fsync rules the time of a job: 20 images a second."""

FLUSHES = 5


def space(question: Question) -> Iterator[Finding]:
    """Look at the room where the folder is, or would be made."""
    home = standing(question.folder)
    free = free_bytes(home)
    files = os.statvfs(home)
    found = f"{decimal_text(free)} free at {str(home)!r}"
    yield judged(
        found, bad=free < NO_ROOM, warn=free < LITTLE_ROOM, do="make room, or choose another folder with --output"
    )
    if files.f_files:  # 0 where the file system counts none, as btrfs does
        yield judged(
            f"{files.f_favail} more files fit",
            bad=files.f_favail < 10,
            warn=files.f_favail < 100_000,
            do="delete small files, or choose another file system with --output",
        )


def folder(question: Question) -> Iterator[Finding]:
    """Try in the folder, or where it would be made, what a job does there; nothing is left behind."""
    home = standing(question.folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".downloader-doctor-", dir=home) as place:
            yield Finding("ok", f"{str(home)!r} can be written")
            for look in (_exclusive, _linking, _casing, _flushing):
                yield look(Path(place))
    except OSError as error:
        said = error.strerror or error
        yield Finding(
            "bad", f"{str(home)!r} cannot be written: {said}", "mend its permissions, or choose another --output"
        )


def standing(folder: Path) -> Path:
    """Give the folder itself, or the nearest above it that is there."""
    home = folder.absolute()
    return next((each for each in (home, *home.parents) if each.is_dir()), Path("/"))


def _exclusive(place: Path) -> Finding:
    path = place / "once"
    path.touch(exist_ok=False)
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return Finding("ok", "two runs cannot make the same file")
    return Finding(
        "bad", "a file can be made twice: runs would overwrite each other", "choose a local disk as --output"
    )


def _linking(place: Path) -> Finding:
    (place / "first").touch()
    return _tried(
        lambda: (place / "second").hardlink_to(place / "first"),
        "hard links work",
        "no hard links here: images are renamed into place instead",
    )


def _casing(place: Path) -> Finding:
    (place / "case").touch()
    return judged(
        "upper and lower case are " + ("one" if (place / "CASE").exists() else "two"),
        warn=(place / "CASE").exists(),
        do="names that differ only in case meet: keep {index} in --name",
    )


def _flushing(place: Path) -> Finding:
    with (place / "flush").open("wb") as file:
        start = time.perf_counter()
        for _ in range(FLUSHES):
            file.write(bytes(1 << 15))
            file.flush()
            os.fsync(file.fileno())
        each = (time.perf_counter() - start) / FLUSHES
    return judged(
        f"a flush to the disk takes {each * 1000:.1f} ms",
        warn=each > SLOW_FLUSH,
        do="--fsync would bound a job by it: use it only where a power loss matters",
    )


def _tried(act: Callable[[], object], well: str, ill: str) -> Finding:
    try:
        act()
    except OSError:
        return Finding("ok", ill)
    return Finding("ok", well)
