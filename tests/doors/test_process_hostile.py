"""Whole jobs over images that mean no good to whoever decodes them, and machines that give too little to do it."""

import ctypes
import json
import os
import resource
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.doors.missteps import PROGRAM, SCRIPTS, descendants
from tests.doors.running import Ran, files, finish, get, getting, parts, rows, run, saved, start, write_list
from tests.postprocess.pictures import photograph
from tests.postprocess.pictures import saved as encoded
from tests.support.hostile import HostileServer, answer
from tests.support.watching import LINUX

pytestmark = LINUX

MIB = 1 << 20
GOOD = [f"/images/{number}.jpg" for number in range(6)]
WORK = ("--process", "resize=64", "--workers", 2)


def png(width: int, height: int, mebibytes: int) -> bytes:
    """Give a PNG in RGB whose header says this size, and whose data are so many zeros."""
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(bytes(MIB)) for _ in range(mebibytes)), packer.flush()])
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@cache
def bombs() -> Mapping[str, bytes]:
    """Give bombs by their paths."""
    whole = encoded(photograph(1, 640, 480), "JPEG")
    at = whole.index(b"\xff\xc0")
    return {
        "/bomb.png": png(50_000, 50_000, 1024),
        "/liar.png": png(100, 100, 1024),  # a small header before as much
        "/liar.jpg": whole[: at + 5] + struct.pack(">HH", 7000, 7000) + whole[at + 9 :],  # 49 million, few there
    }


@cache
def broken() -> Mapping[str, bytes]:
    """Give broken files by their paths: the transfer is whole, the picture is not."""
    whole = encoded(photograph(2, 320, 240), "JPEG")
    corrupt = bytearray(encoded(photograph(3, 320, 240), "PNG"))
    corrupt[len(corrupt) // 2 : len(corrupt) // 2 + 64] = bytes(64)
    return {
        "/cut-picture.jpg": whole[: len(whole) // 2],
        "/corrupt.png": bytes(corrupt),
        "/header-alone.png": encoded(photograph(4, 32, 24), "PNG")[:40],
        "/unknown.heic": b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(600),
    }


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of good images, bombs and broken ones."""
    with HostileServer({**SCRIPTS, **{path: answer(body) for path, body in (bombs() | broken()).items()}}) as server:
        yield server


class Peaks:
    """Looks at a process and all below it while its ``with`` block lasts; ``most`` is each one's peak, in bytes."""

    def __init__(self, pid: int) -> None:
        self.most: dict[int, int] = {}
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"peaks-of-{pid}")

    def __enter__(self) -> "Peaks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for pid in {self._pid, *descendants(self._pid)}:
                self.most[pid] = max(self.most.get(pid, 0), _peak(pid))


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)


def run_bomb(server: HostileServer, home: Path, path: str, *args: object) -> tuple[Ran, int]:
    """Run good images with a bomb among them; gives what came of it, and the peak of the process that took most."""
    list_of = write_list(home / "urls.txt", map(server.url, [*GOOD, path]))
    process = start(*getting(list_of, home / "images", *WORK, *args))
    with Peaks(process.pid) as peaks:
        ran = finish(process)
    assert len(peaks.most) >= 4  # workers among them
    assert {row["url"] for row in saved(home / "images")} >= {*map(server.url, GOOD)}
    assert files(home / "images") == {row["path"] for row in saved(home / "images")}
    assert parts(home / "images") == []
    return ran, max(peaks.most.values())


@pytest.mark.parametrize("path", bombs())
def test_a_bomb_costs_little(server: HostileServer, tmp_path: Path, path: str):
    """Neither memory nor time: under 300 MB in any process, and under 2 s more than the same job without it."""
    list_of = write_list(tmp_path / "plain.txt", map(server.url, GOOD))
    plain = get(list_of, tmp_path / "plain", *WORK).summary["seconds"]
    ran, peak = run_bomb(server, tmp_path, path)
    assert peak < 300 * MIB
    assert ran.summary["seconds"] < plain + 2.0
    [bomb] = [row for row in rows(tmp_path / "images") if row["url"] == server.url(path)]
    if path == "/bomb.png":
        assert (ran.status, bomb["status"], bomb["code"]) == (0, "skipped", "filtered")
        assert bomb["detail"] == "its pixels are 50000x50000, more than --max-pixels 50000000"


def test_a_bomb_that_is_let_in_costs_the_image_alone(server: HostileServer, tmp_path: Path):
    """With --max-pixels 0 it is --worker-memory that bounds it."""
    ran, peak = run_bomb(server, tmp_path, "/bomb.png", "--max-pixels", 0, "--worker-memory", "400M")
    assert (ran.status, ran.summary["failed"]) == (3, {"decoder-memory": 1})
    assert peak < 400 * MIB


def test_broken_files_are_named_and_nothing_of_them_stays(server: HostileServer, tmp_path: Path):
    """Each has its code; ``status`` says what a person can do, and the next run does not fetch them again."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(server.url, [*GOOD, *broken()])), tmp_path / "images"
    ran = get(list_of, folder, *WORK)
    found = {row["url"].removeprefix(server.origin): row["code"] for row in rows(folder) if row["status"] == "failed"}
    assert found == {
        "/cut-picture.jpg": "truncated-image",
        "/corrupt.png": "undecodable",
        "/header-alone.png": "truncated-image",
        "/unknown.heic": "undecodable",
    }
    assert (ran.status, ran.summary["saved"], ran.summary["transient"]) == (3, len(GOOD), 0)
    assert len(files(folder)) == len(saved(folder)) == len(GOOD)
    failures = [json.loads(line) for line in (folder / "failed.jsonl").read_text().splitlines()]
    assert {line["url"].removeprefix(server.origin): line["code"] for line in failures} == found
    told = run("status", folder).out
    assert "2 truncated-image: the picture is cut short" in told
    assert "2 undecodable: the file is broken" in told
    assert get(list_of, folder, *WORK).outcomes == []
    assert {server.hits[path] for path in broken()} == {1}


@pytest.mark.parametrize(
    ("size", "steps", "code", "status"),
    [
        ((20_000, 100), "convert=webp", "unencodable", 3),
        ((70_000, 20), "convert=jpeg", "unencodable", 3),
        ((1, 40_000_000), "resize=64,keep-ratio", "filtered", 0),  # made larger than --max-pixels lets any be
    ],
    ids=["past webp", "past jpeg", "past counting"],
)
def test_what_cannot_be_written_costs_the_image_alone(
    hostile: HostileServer, tmp_path: Path, size, steps: str, code: str, status: int
):
    """A picture that no encoder takes, or that a resize would make larger than can be counted, ends no job."""
    hostile.scripts["/long.png"] = answer(_grey(*size))
    list_of = write_list(tmp_path / "urls.txt", map(hostile.url, [*GOOD, "/long.png"]))
    ran = get(list_of, tmp_path / "images", "--process", steps, "--workers", 2)
    [bad] = [outcome for outcome in ran.outcomes if outcome["status"] != "saved"]
    assert (bad["url"], bad["code"]) == (hostile.url("/long.png"), code), ran.err
    assert (ran.status, ran.summary["saved"]) == (status, len(GOOD))


def _grey(width: int, height: int) -> bytes:
    row = b"\0" + bytes(width)
    data = zlib.compress(row * height, 1)
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@pytest.mark.parametrize("format_", ["avif", "webp"])
def test_an_encoder_without_memory_costs_the_image_alone(hostile: HostileServer, tmp_path: Path, format_: str):
    """Encoders have words of their own for it."""
    hostile.scripts["/photo.jpg"] = answer(encoded(photograph(5, 1600, 1200), "JPEG"))
    list_of = write_list(tmp_path / "urls.txt", map(hostile.url, [*GOOD, "/photo.jpg"]))
    codes = set()
    for memory in ("90M", "100M", "110M", "120M"):  # where it gives out depends on the libraries
        ran = get(
            list_of, tmp_path / memory, "--process", f"convert={format_}", "--workers", 2, "--worker-memory", memory
        )
        assert ran.status in (0, 3), ran.err
        assert ran.summary["saved"] >= len(GOOD)
        codes |= set(ran.summary["failed"])
    assert codes <= {"decoder-memory", "decoder-crashed"}  # libaom dies of it now and then


# --- machines that give too little


def one_line(ran: Ran) -> str:
    """Give the only line of a job that the machine could not take."""
    [line] = ran.err.splitlines()
    assert (ran.status, ran.out) == (6, ""), ran.err
    assert line.startswith("downloader: ")
    return line


def test_hardly_any_memory_ends_no_job(server: HostileServer, tmp_path: Path):
    """Workers that were given nothing start all the same, do what they can, and name what they cannot."""
    server.scripts["/photo.jpg"] = answer(encoded(photograph(5, 1600, 1200), "JPEG"))
    list_of = write_list(tmp_path / "urls.txt", map(server.url, [*GOOD, "/photo.jpg"]))
    ran = get(list_of, tmp_path / "images", *WORK, "--worker-memory", "1M")
    if ran.status == 6:
        assert "--worker-memory" in one_line(ran)
    else:
        assert (ran.status, set(ran.summary["failed"])) == (3, {"decoder-memory"}), ran.err


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("unloadable", "ImportError: no module named 'codec'"),
        ("fatal", "3 in a row died while starting, the last with status 9"),
    ],
)
def test_workers_that_cannot_start_end_the_job_with_a_line(server: HostileServer, tmp_path: Path, step, reason: str):
    """They are not started for ever; the line says what to do, and nothing but what is saved lies in the folder."""
    list_of, folder = write_list(tmp_path / "urls.txt", map(server.url, GOOD)), tmp_path / "images"
    ran = get(list_of, folder, "--process", step, "--workers", 2, command=PROGRAM)
    assert reason in one_line(ran)
    assert "--workers 0" in ran.err
    assert files(folder) == set()
    again = get(list_of, folder, *WORK)
    assert (again.status, len(saved(folder)), parts(folder)) == (0, len(GOOD), [])


def alone(processes: int) -> Callable[[], None]:
    """Make a ``before`` that leaves a user of its own so many processes; for root alone, whom no such limit holds."""

    def before() -> None:
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
        if os.getuid() == 0:
            for capability in (21, 24):  # CAP_SYS_ADMIN and CAP_SYS_RESOURCE, which lift the limit
                ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
            os.setresuid(1_000_000 + os.getpid(), 0, 0)

    return before


@pytest.mark.parametrize("processes", [1, 3])
def test_no_process_to_be_had(server: HostileServer, tmp_path: Path, processes: int):
    """Neither where the first is refused nor where a worker is: one line, and threads are named as the way out."""
    if os.getuid():
        pytest.skip("the limit counts all that this user runs: it takes another user's identity to set it")
    list_of, folder = write_list(tmp_path / "urls.txt", map(server.url, GOOD)), tmp_path / "images"
    ran = get(list_of, folder, *WORK, before=alone(processes))
    assert "cannot start a worker process: " in one_line(ran)
    assert "--workers" in ran.err
    assert files(folder) == set()


# --- without the library

WITHOUT_PILLOW = (sys.executable, "-c", "import sys; sys.modules['PIL'] = None; import downloader.cli as c; c.main()")
LOADED = """
import atexit, sys
import downloader.cli
atexit.register(lambda: print(*sorted({"PIL", "requests", "aiohttp", "multiprocessing"} & set(sys.modules))))
downloader.cli.main()
"""


@pytest.mark.parametrize("args", [("--process", "resize=64"), ("--min-side", 10), ("--dedupe", "dhash")])
def test_a_missing_library_is_named_with_its_extra(server: HostileServer, tmp_path: Path, args: tuple[object, ...]):
    """One line says what to install, and nothing is fetched."""
    list_of = write_list(tmp_path / "urls.txt", map(server.url, GOOD))
    ran = get(list_of, tmp_path / "images", *args, command=WITHOUT_PILLOW)
    [line] = ran.err.splitlines()
    assert (ran.status, ran.out) == (2, "")
    assert "needs PIL: pip install 'parallel-image-downloader[process]'" in line
    assert not server.hits


def test_without_work_the_library_is_not_needed(server: HostileServer, tmp_path: Path):
    """A job that keeps the server's bytes never asks for it."""
    list_of = write_list(tmp_path / "urls.txt", map(server.url, GOOD))
    assert get(list_of, tmp_path / "images", command=WITHOUT_PILLOW).status == 0
    assert len(saved(tmp_path / "images")) == len(GOOD)


@pytest.mark.parametrize("args", [("--help",), ("get", "--help")])
def test_help_loads_nothing_heavy(args: tuple[str, ...]):
    """Whoever asks for help waits for no library."""
    ran = run(*args, command=(sys.executable, "-c", LOADED))
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == ""
