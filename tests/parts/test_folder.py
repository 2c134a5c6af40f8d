"""Images as files: whole or not there, and never over somebody else's."""

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from downloader.errors import OutputError, UsageError
from downloader.model import NO_EFFORT, Failed, Fetched, Image, Payload, Saved, Task
from downloader.ports import Claims
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

    def make(claims: Claims | None = None, **settings: object) -> FolderSink:
        return FolderSink(tmp_path / "out", tmp_path / "out/parts", Output(**settings), claims)

    return make


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


# --- whose a name is


class Known:
    """Claims in memory, as the manifest keeps them on disk."""

    def __init__(self, **owners: str) -> None:
        self.owners = owners

    def take(self, name: str, owner: str) -> bool:
        """Tell whether a name is this owner's."""
        return self.owners.setdefault(name.lower(), owner) == owner


def test_names_that_another_has_are_gone_around(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """Who claims a name first has it, in any case; the others take the hash of their URL, the same in every run."""
    fresh = sink(name="{stem}", claims=Known())
    urls = [f"http://h.example/{path}" for path in ("a/Cat.jpg", "b/cat.jpg", "a/cat.jpg")]
    for _ in range(2):
        [outcomes] = fresh.store([[fetched(number, b"x", b"x", url) for number, url in enumerate(urls)]])
        assert [outcome.path for outcome in outcomes] == [
            "Cat.jpg", *(f"cat-{hashlib.sha256(url.encode()).hexdigest()[:12]}.jpg" for url in urls[1:])
        ]  # fmt: skip


def test_the_same_bytes_are_not_adopted_from_another_row(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """A whole file with the very bytes is an orphan of one's own, unless another row owns the name."""
    (tmp_path / "out/000000.jpg").write_bytes(b"same")
    [[saved]] = sink(claims=Known(**{"000000": "http://h.example/other"})).store([[fetched(0, b"same", b"same")]])
    assert saved.path != "000000.jpg"
    assert (tmp_path / "out" / saved.path).read_bytes() == b"same"


def test_the_default_names_ask_nobody(sink: Callable[..., FolderSink]) -> None:
    """Where the template tells all tasks apart, claims are not even opened."""

    class Closed:
        def take(self, name: str, owner: str) -> bool:
            raise AssertionError(name, owner)

    [[saved]] = sink(claims=Closed()).store([[fetched(0, b"a", b"a")]])
    assert saved.path == "000000.jpg"


# --- what stands there


def test_overwrite_replaces_a_file_of_the_users(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """Asked to, and only the file itself: where a link stands the link goes, a folder stays."""
    other = tmp_path / "other.jpg"
    other.write_bytes(b"mine")
    (tmp_path / "out/000000.jpg").write_bytes(b"mine")
    (tmp_path / "out/000001.jpg").symlink_to(other)
    (tmp_path / "out/000002.jpg").mkdir()
    part = tmp_path / "out/parts/3.part"
    part.write_bytes(b"new 3")
    (tmp_path / "out/000003.jpg").write_bytes(b"mine")
    batch = [*(fetched(each, b"new", b"new") for each in range(3)), fetched(3, part, b"new 3")]
    [outcomes] = sink(on_conflict="overwrite").store([batch])
    paths = [outcome.path for outcome in outcomes]
    assert paths[:2] + paths[3:] == ["000000.jpg", "000001.jpg", "000003.jpg"]
    assert paths[2] != "000002.jpg"
    assert [(tmp_path / "out" / path).read_bytes() for path in paths] == [b"new"] * 3 + [b"new 3"]
    assert other.read_bytes() == b"mine"
    assert list((tmp_path / "out/parts").iterdir()) == []


def test_overwrite_spares_what_another_row_owns(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """A collision is no conflict: both images stay."""
    (tmp_path / "out/000000.jpg").write_bytes(b"of another row")
    claims = Known(**{"000000": "http://h.example/other"})
    [[saved]] = sink(on_conflict="overwrite", claims=claims).store([[fetched(0, b"new", b"new")]])
    assert saved.path != "000000.jpg"
    assert (tmp_path / "out/000000.jpg").read_bytes() == b"of another row"


def test_skip_drops_the_image(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """The file stays, the image goes with its part, and the outcome says where and why."""
    part = tmp_path / "out/parts/1.part"
    part.write_bytes(b"new")
    for number in range(2):
        (tmp_path / f"out/00000{number}.jpg").write_bytes(b"mine")
    batch = [fetched(0, b"new", b"new"), fetched(1, part, b"new"), fetched(2, b"new", b"new")]
    [outcomes] = sink(on_conflict="skip").store([batch])
    assert [(each.status, each.code, each.path) for each in outcomes] == [
        ("skipped", "exists", "000000.jpg"), ("skipped", "exists", "000001.jpg"), ("saved", None, "000002.jpg")
    ]  # fmt: skip
    assert (tmp_path / "out/000000.jpg").read_bytes() == (tmp_path / "out/000001.jpg").read_bytes() == b"mine"
    assert list((tmp_path / "out/parts").iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("spooled", [True, False])
def test_a_file_that_comes_at_the_last_moment_stays(
    sink: Callable[..., FolderSink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool, spooled: bool
) -> None:
    """Between any look and the claim of the name another may take it: no moment is left in which it is lost."""
    target = tmp_path / "out/000000.jpg"
    link, create = os.link, os.open

    def late_link(source: str, path: str) -> None:
        if not links:
            raise PermissionError(errno.EPERM, "no hard links here", path)
        if path == str(target):
            target.write_bytes(b"mine")
        link(source, path)

    def late_open(path: str, flags: int, mode: int = 0o777) -> int:
        if path == str(target) and flags & os.O_EXCL:
            target.write_bytes(b"mine")
        return create(path, flags, mode)

    monkeypatch.setattr(os, "link", late_link)
    monkeypatch.setattr(os, "open", late_open)
    body: bytes | Path = b"new"
    if spooled:
        body = tmp_path / "out/parts/0.part"
        body.write_bytes(b"new")
    [[saved]] = sink().store([[fetched(0, body, b"new")]])
    monkeypatch.undo()
    assert saved.path != "000000.jpg"
    assert target.read_bytes() == b"mine"
    assert (tmp_path / "out" / saved.path).read_bytes() == b"new"
    assert list((tmp_path / "out/parts").iterdir()) == []


def test_without_hard_links(sink: Callable[..., FolderSink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system has none, names are taken all the same, and none twice."""

    def refuse(source: str, path: str) -> None:
        raise OSError(errno.EOPNOTSUPP, "no hard links here", path)

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "out/000001.jpg").write_bytes(b"mine")
    [outcomes] = sink().store([[fetched(each, b"new %d" % each, b"new %d" % each) for each in range(3)]])
    assert [(tmp_path / "out" / each.path).read_bytes() for each in outcomes] == [b"new 0", b"new 1", b"new 2"]
    assert (tmp_path / "out/000001.jpg").read_bytes() == b"mine"
    assert list((tmp_path / "out/parts").iterdir()) == []


def test_two_writers_take_no_name_twice(tmp_path: Path) -> None:
    """Two that put images into one folder at once lose none of them."""
    (tmp_path / "out").mkdir()

    def work(number: int) -> None:
        parts = tmp_path / f"parts{number}"
        parts.mkdir()
        body = b"writer %d" % number
        batch = [fetched(each, body, body, f"http://{number}.example/{each}") for each in range(300)]
        [outcomes] = FolderSink(tmp_path / "out", parts, Output()).store([batch])
        assert [(tmp_path / "out" / outcome.path).read_bytes() for outcome in outcomes] == [body] * 300
        done.append(number)

    done: list[int] = []
    crew = [threading.Thread(target=work, args=(number,), name=f"writer-{number}") for number in range(2)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert sorted(done) == [0, 1]
    assert len(list((tmp_path / "out").iterdir())) == 600


def test_a_part_left_by_a_crash_is_not_written_into(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """It may be a stored image by its second name: killed between the two steps of placing."""
    (tmp_path / "out/parts/sink.part").write_bytes(b"stored")
    os.link(tmp_path / "out/parts/sink.part", tmp_path / "out/000000.jpg")
    [[saved]] = sink().store([[fetched(1, b"next", b"next")]])
    assert (tmp_path / "out/000000.jpg").read_bytes() == b"stored"
    assert (tmp_path / "out" / saved.path).read_bytes() == b"next"


# --- what stands beside it


def with_thumbnail(index: int, data: bytes, url: str = "") -> Fetched:
    """Make a fetched JPEG with a thumbnail."""
    image = fetched(index, data, data, url)
    return replace(image, payload=replace(image.payload, extras={".thumb.webp": b"small " + data}))


def test_a_foreign_thumbnail_stays(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """Where either of the two is taken both go around, and nothing is left under the first name."""
    (tmp_path / "out/000000.thumb.webp").write_bytes(b"mine")
    (tmp_path / "out/000001.jpg").write_bytes(b"mine")
    [outcomes] = sink().store([[with_thumbnail(0, b"zero"), with_thumbnail(1, b"one")]])
    for outcome, data in zip(outcomes, (b"zero", b"one"), strict=True):
        stem = outcome.path.removesuffix(".jpg")
        assert (tmp_path / "out" / outcome.path).read_bytes() == data
        assert (tmp_path / f"out/{stem}.thumb.webp").read_bytes() == b"small " + data
    assert len(list((tmp_path / "out").glob("*.*"))) == 6
    assert (tmp_path / "out/000000.thumb.webp").read_bytes() == (tmp_path / "out/000001.jpg").read_bytes() == b"mine"


def test_a_long_path_in_a_table_ends_no_job(sink: Callable[..., FolderSink], tmp_path: Path) -> None:
    """Deep folders and long names are cut to what every system takes."""
    image = fetched(0, b"x", b"x")
    cell = "/".join(["é" * 200] * 60)
    image = replace(image, task=replace(image.task, columns={"name": cell}))
    [[saved]] = sink(name_col="name", claims=Known()).store([[image]])
    assert (tmp_path / "out" / saved.path).read_bytes() == b"x"
