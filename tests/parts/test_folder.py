"""Images as files: whole or not there, and never over somebody else's."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from downloader.errors import OutputError, UsageError
from downloader.model import NO_EFFORT, Failed, Fetched, Image, Payload, Saved, Task
from downloader.settings import Output
from downloader.sinks.folder import FolderSink


def fetched(index: int, body: bytes | Path, data: bytes, url: str = "") -> Fetched:
    """Make a fetched JPEG."""
    url = url or f"http://h.example/{index}.jpg"
    payload = Payload(Image(len(data), hashlib.sha256(data).hexdigest(), "jpeg", url), body)
    return Fetched(Task(index, url), payload, NO_EFFORT)


@pytest.fixture
def sink(tmp_path: Path) -> Callable[..., FolderSink]:
    """Give a maker of sinks into out/."""
    (tmp_path / "out" / "parts").mkdir(parents=True)
    return lambda **settings: FolderSink(tmp_path / "out", tmp_path / "out" / "parts", Output(**settings))


def test_bytes_and_parts_get_their_names(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """What was in memory is written, what was spooled is renamed; failures pass by."""
    part = tmp_path / "out" / "parts" / "1-1.part"
    part.write_bytes(b"spooled")
    failed = Failed(Task(2, "http://h.example/2"), "dns", "no")
    [outcomes] = sink().store([[fetched(0, b"plain", b"plain"), fetched(1, part, b"spooled"), failed]])
    assert [outcome.path for outcome in outcomes] == ["000000.jpg", "000001.jpg", None]
    assert (tmp_path / "out/000000.jpg").read_bytes() == b"plain"
    assert (tmp_path / "out/000001.jpg").read_bytes() == b"spooled"
    assert list((tmp_path / "out/parts").iterdir()) == []


def test_folders_are_made(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """A slash in the template makes folders."""
    [[saved]] = sink(name="{host}/{index}").store([[fetched(7, b"x", b"x")]])
    assert saved.path == "h.example/7.jpg"
    assert (tmp_path / "out/h.example/7.jpg").is_file()


@pytest.mark.parametrize("obstacle", ["file", "folder", "link", "dangling link"])
def test_what_stands_there_stays(sink: Callable[..., FolderSink], tmp_path: Path, obstacle: str) -> None:
    """A name that is taken is gone around, by the same name in every run."""
    target = tmp_path / "out/000000.jpg"
    other = tmp_path / "other.jpg"
    other.write_bytes(b"mine")
    if obstacle == "file":
        target.write_bytes(b"mine")
    elif obstacle == "folder":
        target.mkdir()
    else:
        target.symlink_to(other if obstacle == "link" else tmp_path / "nowhere")
    paths = set()
    for _ in range(2):
        [[saved]] = sink().store([[fetched(0, b"new", b"new")]])
        paths.add(saved.path)
        assert (tmp_path / "out" / saved.path).read_bytes() == b"new"
    assert len(paths) == 1
    assert paths != {"000000.jpg"}
    assert other.read_bytes() == b"mine"
    assert target.is_dir() if obstacle == "folder" else target.is_symlink() or target.read_bytes() == b"mine"


def test_ones_own_orphan_is_adopted(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """The same bytes under the very name were left by a crash: they are the image."""
    (tmp_path / "out/000000.jpg").write_bytes(b"same")
    [[saved]] = sink().store([[fetched(0, b"same", b"same")]])
    assert saved.path == "000000.jpg"


def test_a_file_where_a_folder_should_be_is_gone_around(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """It ends no job: the image gets a name without that folder."""
    (tmp_path / "out/blocked").write_bytes(b"mine")
    [[saved]] = sink(name="{host}/{index}").store([[fetched(1, b"b", b"b", "http://blocked/1.jpg")]])
    assert (tmp_path / "out" / saved.path).read_bytes() == b"b"
    assert (tmp_path / "out/blocked").read_bytes() == b"mine"


def test_the_name_around_may_be_taken_too(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """Whatever a list plans, no image goes over another."""
    paths = []
    for body in (b"one", b"two", b"three", b"four"):
        [[saved]] = sink().store([[fetched(0, body, body)]])
        paths.append(saved.path)
        assert (tmp_path / "out" / saved.path).read_bytes() == body
    assert len(set(paths)) == 4


def test_what_is_in_place_is_told_before_the_error(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """When the disk refuses the second image, the first is yielded, then the error is raised."""
    gone = tmp_path / "out/parts/gone.part"
    stream = sink().store([[fetched(0, b"a", b"a"), fetched(1, gone, b"b")]])
    [first] = next(stream)
    assert isinstance(first, Saved)
    with pytest.raises(OutputError, match="cannot write"):
        next(stream)


@pytest.mark.parametrize("fsync", [False, True])
def test_flushing_changes_nothing_to_be_seen(sink: Callable[..., FolderSink], tmp_path: Path, fsync: bool) -> None:
    """With and without --fsync the image is there."""
    [[saved]] = sink(fsync=fsync).store([[fetched(0, b"a", b"a")]])
    assert (tmp_path / "out" / saved.path).read_bytes() == b"a"


def test_a_template_without_a_number_is_refused(sink: Callable[..., FolderSink]) -> None:
    """All images under one name is a mistake that is told before the first request."""
    with pytest.raises(UsageError, match="one name"):
        sink(name="image")
