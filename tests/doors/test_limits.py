"""The machine's limits, met for real: a job goes on slower or ends with a clear line, and nothing is lost."""

import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from downloader.errors import OutputError
from downloader.imageserver import ImageServer, Plan
from downloader.manifest import Manifest
from tests.doors.running import Ran, files, get, getting, limited, parts, rows, run, saved, write_list
from tests.support.hostile import HostileServer

PARALLEL = pytest.mark.parametrize("engine", ["thread", "async", "curl"])
ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])

SMALL = [f"/images/{number}.jpg" for number in range(20)]
LARGE = [f"/bytes/{2_000_000 + number}" for number in range(3)]

# The limit is set only when all is imported: it is threads that are to fail, not libraries.
SCARCE_THREADS = """
import resource, sys, threading
import downloader.cli, downloader.job, downloader.engines.threads, downloader.engines.coroutines
stack, space = int(sys.argv.pop(1)), int(sys.argv.pop(1))
threading.stack_size(stack)
resource.setrlimit(resource.RLIMIT_AS, (space, space))
downloader.cli.main()
"""
GIB = 1 << 30


def one_line(ran: Ran) -> str:
    """Give the only line of stderr, which ends a job that the machine could not take: what, and what to do."""
    assert ran.status == 6, ran.err
    [line] = ran.err.splitlines()
    assert line.startswith("downloader: ")
    assert "run the same command again" in line
    return line


def check_true(folder: Path, ran: Ran) -> None:
    """Hold what was printed and recorded against the files: each saved image is whole."""
    recorded = {row["path"] for row in saved(folder)}
    assert {outcome["path"] for outcome in ran.outcomes if outcome["path"]} <= recorded <= files(folder)


def complete(list_of: Path, folder: Path, *args: object) -> None:
    """Run the same command without the limit: it saves all, leaves no stray and no part."""
    ran = get(list_of, folder, *args)
    count = len(list_of.read_text().splitlines())
    assert (ran.status, ran.summary["saved"]) == (0, count), ran.err
    assert {row["path"] for row in saved(folder)} == files(folder)
    assert len(rows(folder)) == count
    assert parts(folder) == []


# --- how large a file may be


@ALL
def test_a_part_that_may_not_grow(hostile: HostileServer, tmp_path: Path, engine: str):
    """A limit below the size of an image ends the job by naming the part; what was saved is whole and stays."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(hostile.url, SMALL + LARGE)), tmp_path / "images"
    ran = get(list_of, folder, "--engine", engine, before=limited(resource.RLIMIT_FSIZE, 400_000))
    assert re.search(rf"'{re.escape(str(folder))}/\.downloader/parts/\S+\.part': File too large", one_line(ran))
    check_true(folder, ran)
    before = {row["url"] for row in saved(folder)}
    complete(list_of, folder, "--engine", engine)
    assert all(hostile.hits[path] == 1 for path in SMALL if hostile.url(path) in before)


@PARALLEL
@pytest.mark.parametrize("most", [30_000, 0])
def test_a_manifest_that_may_not_grow(hostile: HostileServer, tmp_path: Path, engine: str, most: int):
    """A limit below the size of the manifest ends the job by naming it; the next run adopts what lies there."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(hostile.url, SMALL)), tmp_path / "images"
    ran = get(list_of, folder, "--engine", engine, before=limited(resource.RLIMIT_FSIZE, most))
    assert f"'{folder}/.downloader/" in one_line(ran)
    check_true(folder, ran)
    complete(list_of, folder, "--engine", engine)


def test_a_finished_folder_under_a_limit(hostile: HostileServer, tmp_path: Path):
    """A run that cannot even open its manifest for writing loses no row of the runs before."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(hostile.url, SMALL)), tmp_path / "images"
    complete(list_of, folder)
    ran = get(list_of, folder, before=limited(resource.RLIMIT_FSIZE, 4096))
    assert f"'{folder}/.downloader/" in one_line(ran)
    assert len(saved(folder)) == len(SMALL)
    complete(list_of, folder)
    assert sum(hostile.hits.values()) == len(SMALL)


# --- how large a disk is


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 400 kB of its own; it takes the right to mount."""
    home = tmp_path / "disk"
    home.mkdir()
    try:
        mount(home, "size=400k")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a file system cannot be mounted here: {getattr(error, 'stderr', '') or error}")
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


def mount(home: Path, options: str) -> None:
    """Mount a file system in memory, or change the options of one that is."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", home], check=True, capture_output=True, text=True)


@PARALLEL
def test_a_disk_that_fills_up(disk: Path, tmp_path: Path, engine: str):
    """A full disk ends the job, once and again; with more room the same command brings the rest."""
    with ImageServer(Plan(latency=0.01)) as server:
        list_of, folder = write_list(tmp_path / "urls.txt", server.urls(60)), disk / "images"
        for _ in range(2):
            before = {row["path"] for row in saved(folder)}
            ran = get(list_of, folder, "--engine", engine)
            assert f"'{disk}/" in one_line(ran)
            check_true(folder, ran)
            assert before <= {row["path"] for row in saved(folder)}
        mount(disk, "remount,size=16m")
        complete(list_of, folder, "--engine", engine)


def test_a_read_only_disk(hostile: HostileServer, disk: Path, tmp_path: Path):
    """Nothing can be fetched to it, and what stands there can still be looked at and audited."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(hostile.url, SMALL)), disk / "images"
    complete(list_of, folder)
    mount(disk, "remount,ro")
    assert f"'{folder}" in one_line(get(list_of, folder))
    assert f"'{disk}/other" in one_line(get(list_of, disk / "other"))
    status, audit = run("status", folder), run("audit", folder)
    assert (status.status, status.out) == (0, "20 saved, 0 skipped, 0 failed\n"), status.err
    assert (audit.status, audit.err) == (0, "20 whole, 0 missing or damaged\n")


# --- whom a folder belongs to


@pytest.fixture
def another() -> Iterator[Path]:
    """Be user 10001 for a while, in a folder of root's; it takes root."""
    if os.getuid():
        pytest.skip("only root can be somebody else")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        try:
            yield home
        finally:
            os.seteuid(0)


def refused(folder: Path) -> str:
    """Open a folder's manifest as user 10001; give what is said."""
    os.seteuid(10001)
    try:
        with pytest.raises(OutputError) as caught:
            Manifest(folder)
    finally:
        os.seteuid(0)
    return str(caught.value)


def test_a_folder_of_another_user(another: Path):
    """What is said names both users and what was refused, and doing what it says helps."""
    folder = another / "images"
    assert f"for user 10001, '{another}' belongs to user 0; hand it over with mkdir -p '{folder}' &&" in refused(folder)
    folder.mkdir()
    assert f"'{folder}' belongs to user 0; hand it over with chown -R 10001 '{folder}', or run as" in refused(folder)
    Manifest(folder).close()
    os.chown(folder, 10001, -1)
    said = refused(folder)
    assert f"'{folder}/.downloader/lock' belongs to user 0" in said
    subprocess.run(re.search(r"chown -R 10001 '[^']+'", said)[0], shell=True, check=True)  # noqa: S602 - ours
    os.seteuid(10001)
    Manifest(folder).close()


def test_a_folder_without_leave_to_write(another: Path):
    """A user's own folder that it may not write needs another mode, not another owner."""
    folder = another / "images"
    folder.mkdir(mode=0o555)
    os.chown(folder, 10001, -1)
    said = refused(folder)
    assert (
        said == f"cannot write '{folder}': no permission for its own user 10001; allow it with chmod u+rwx '{folder}'"
    )


# --- how many files may be open


@PARALLEL
@pytest.mark.parametrize("hosts", [5, 60])
def test_few_descriptors_for_many_jobs(tmp_path: Path, engine: str, hosts: int):
    """With 64 open files in all, 200 jobs become fewer, a line says so, and idle connections take no one's place."""
    with ImageServer(Plan(latency=0.02, hosts=hosts)) as server:
        list_of, folder = write_list(tmp_path / "urls.txt", server.urls(180)), tmp_path / "images"
        ran = get(list_of, folder, "--engine", engine, "--jobs", 200, before=limited(resource.RLIMIT_NOFILE, 64))
        assert ran.status == 0, ran.err
        assert re.search(r"downloader: --jobs \d+ instead of 200: the limit of open files is 64\n", ran.err)
        assert max(server.hits.values()) == 1
    assert len(saved(folder)) == len(files(folder)) == 180


@ALL
def test_hardly_any_descriptors(hostile: HostileServer, tmp_path: Path, engine: str):
    """A limit too low to work with at all is named; nothing is begun that cannot be ended."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(hostile.url, SMALL)), tmp_path / "images"
    ran = get(list_of, folder, "--engine", engine, before=limited(resource.RLIMIT_NOFILE, 24))
    assert "open files is 24" in one_line(ran)
    complete(list_of, folder, "--engine", engine)


# --- how many threads may run


def with_few_threads(stack: int, space: int) -> Sequence[str]:
    """Give the command of a program whose threads take so much of so little memory."""
    return [sys.executable, "-c", SCARCE_THREADS, str(stack), str(space)]


def test_fewer_threads_than_jobs(tmp_path: Path):
    """Where the system gives fewer threads than jobs the run is slower, not shorter."""
    with ImageServer(Plan(latency=0.05)) as server:
        list_of, folder = write_list(tmp_path / "urls.txt", server.urls(40)), tmp_path / "images"
        asked = getting(list_of, folder, "--per-host", 0, "--engine", "thread")
        ran = run(*asked, command=with_few_threads(GIB // 4, 2 * GIB))
        assert ran.status == 0, ran.err
        assert server.most_at_once < 8  # stacks of a quarter in two
    assert len(saved(folder)) == len(files(folder)) == 40


@pytest.mark.parametrize(
    ("engine", "space"), [("thread", GIB), ("async", GIB), ("sequential", GIB), ("thread", 5 * GIB // 2)]
)
def test_no_threads_to_be_had(tmp_path: Path, engine: str, space: int):
    """Where not even one thread can start a line says so; where one can, the job is done or says so."""
    with ImageServer(Plan(latency=0.01)) as server:
        list_of, folder = write_list(tmp_path / "urls.txt", server.urls(20)), tmp_path / "images"
        ran = run(*getting(list_of, folder, "--engine", engine), command=with_few_threads(GIB, space))
        if ran.status or space == GIB:
            assert "thread" in one_line(ran)
        check_true(folder, ran)
        complete(list_of, folder, "--engine", engine)
