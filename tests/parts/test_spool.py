"""Where a body waits: in memory while it is small, on the disk when it is not."""

from pathlib import Path

import pytest

from downloader.engines.spool import THRESHOLD, Spool
from downloader.errors import OutputError


def test_small_bodies_stay_in_memory(tmp_path: Path) -> None:
    """Up to a mebibyte no file is made."""
    part = Spool(tmp_path, 7).part("0-1")
    part.write(b"a" * (THRESHOLD - 1))
    part.write(b"b")
    assert part.close() == b"a" * (THRESHOLD - 1) + b"b"
    assert list(tmp_path.iterdir()) == []


def test_large_bodies_go_to_a_part(tmp_path: Path) -> None:
    """Past a mebibyte all of it is in one file, in order."""
    part = Spool(tmp_path, 7).part("0-1")
    for piece in (b"a" * THRESHOLD, b"b", b"c" * 1000):
        part.write(piece)
    assert part.close() == tmp_path / "7-0-1.part"
    assert (tmp_path / "7-0-1.part").read_bytes() == b"a" * THRESHOLD + b"b" + b"c" * 1000


@pytest.mark.parametrize("size", [10, THRESHOLD + 10])
def test_what_is_dropped_is_gone(tmp_path: Path, size: int) -> None:
    """A failed attempt leaves no file."""
    part = Spool(tmp_path, 7).part("0-1")
    part.write(bytes(size))
    part.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_ends_the_job(tmp_path: Path) -> None:
    """What the machine cannot take is no failure of the image."""
    part = Spool(tmp_path / "gone", 7).part("0-1")
    with pytest.raises(OutputError, match=r"cannot write .*7-0-1\.part.*No such file"):
        part.write(bytes(THRESHOLD + 1))
