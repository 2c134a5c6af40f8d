"""``downloader get --dry-run``: what it says is what a run then does, and it asks nobody and changes nothing."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer, Plan
from tests.doors.running import arguments, environment, run, write_list
from tests.support.hostile import HostileServer

LISTS = ["a/x.jpg", "b/X.jpg", "a/x.jpg#again", "404.jpg", "c/y.png", "d/y.png"]


def state(folder: Path) -> dict[str, str]:
    """Give every file of a folder with a digest of its bytes, but for SQLite's own beside a database."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def planned(*args: object) -> dict[str, str | None]:
    """Give the names that a dry run tells, by URL."""
    ran = run("get", "-n", "--json", *args)
    assert ran.status in (0, 3), ran.err
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return {line["url"]: line["name"] for line in lines if line["type"] == "planned"}


@pytest.mark.parametrize("name", ["{index:06d}", "{stem}", "{host}/{stem}"])
def test_the_names_are_those_of_the_run_that_follows(tmp_path: Path, hostile: HostileServer, name: str):
    """Collisions included; and nobody is asked, nothing is written."""
    urls = write_list(tmp_path / "urls.txt", [hostile.url(f"/good.jpg?{path}") for path in LISTS])
    job = ("-i", urls, "-o", tmp_path / "out", "--name", name, "--allow-private")
    told = planned(*job)
    assert hostile.requests == []
    assert not (tmp_path / "out").exists()
    ran = run("get", "--json", *job)
    stored = {line["url"]: line["path"] for line in ran.outcomes if line["status"] == "saved"}
    assert {url: f"{stem}.jpg" for url, stem in told.items()} == stored


def test_what_is_settled_is_left_out(tmp_path: Path):
    """In a folder of an earlier run only what is new would be asked; the folder stays as it is."""
    out = tmp_path / "out"
    with ImageServer(Plan(latency=0.0)) as server:
        old, new = list(server.urls(3)), list(server.urls(5))
        assert run("get", *old, "-o", out, "--allow-private").status == 0
        before = state(out)
        ran = run("get", "-n", *new, new[0], "nonsense", "-o", out, "--allow-private")
    assert state(out) == before
    assert ran.status == 3
    assert [line.split()[0] for line in ran.out.splitlines()] == ["000003", "000004", "bad-url:"]
    assert "2 of 7 lines would be asked; nothing was" in ran.err
    assert "3 were settled in earlier runs" in ran.err


def test_it_can_be_asked_while_a_run_is_on(tmp_path: Path):
    """The folder is only read: no lock is taken, and the run at work there is not disturbed."""
    out = tmp_path / "out"
    with ImageServer(Plan(latency=0.2)) as server:
        command = arguments("get", *server.urls(40), "-o", out, "-j", 2, "--allow-private")
        with subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL) as at_work:
            while not (out / ".downloader" / "manifest.sqlite").exists():
                assert at_work.poll() is None
            ran = run("get", "-n", *server.urls(2), "-o", out)
            assert at_work.wait(40) == 0
    assert ran.status == 0, ran.err
    assert len(list(out.glob("*.jpg"))) == 40


def test_files_that_are_to_stay_are_counted(tmp_path: Path):
    """With --on-conflict skip a file of that name keeps its image from being asked."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    ran = run("get", "-n", "http://h.example/a.jpg", "http://h.example/b.jpg", "-o", out, "--name", "{stem}",
              "--on-conflict", "skip")  # fmt: skip
    assert ran.status == 0, ran.err
    assert ran.out == "b  http://h.example/b.jpg\n"
    assert "1 of 2 lines would be asked" in ran.err


def test_hosts_are_counted_and_hashes_looked_at(tmp_path: Path):
    """The hosts with the most images come first; a cell that no body could match is told now."""
    table = tmp_path / "table.csv"
    rows = ["http://a.example/1,", "http://b.example/1,xyz", "http://b.example/2,", f"http://b.example/3,{'0' * 64}"]
    table.write_text("url,sum\n" + "\n".join(rows) + "\n")
    ran = run("get", "-n", "-i", table, "--hash-col", "sum", "-o", tmp_path / "out")
    assert ran.status == 3, ran.err
    assert "3 of 4 lines would be asked" in ran.err
    assert "hosts: b.example:80 (2), a.example:80 (1)" in ran.err
    assert "hash-mismatch: " in ran.out


def test_what_makes_no_sense_with_it_is_refused(tmp_path: Path):
    """A report of a run that was none; a log is written as ever."""
    ran = run("get", "-n", "http://h.example/", "--report", tmp_path / "run.md", "-o", tmp_path / "out")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    ran = run("get", "-n", "http://h.example/", "--log-file", tmp_path / "run.log", "-o", tmp_path / "out")
    assert ran.status == 0
    assert (tmp_path / "run.log").exists()


def test_who_reads_ten_lines_of_a_long_list_gets_ten(tmp_path: Path):
    """`| head` ends it without a word."""
    urls = write_list(tmp_path / "urls.txt", [f"http://h.example/{number}" for number in range(30_000)])
    command = subprocess.list2cmdline(arguments("get", "-n", "-i", urls, "-o", tmp_path / "out"))
    ran = subprocess.run(["bash", "-c", f"{command} | head -n 10"], env=environment(), capture_output=True, text=True,
                         timeout=45, check=False)  # fmt: skip
    assert len(ran.stdout.splitlines()) == 10
    assert ran.stderr == ""


def test_an_empty_list_is_told_as_in_a_run(tmp_path: Path):
    """With the same status."""
    urls = write_list(tmp_path / "urls.txt", [])
    ran = run("get", "-n", "-i", urls, "-o", tmp_path / "out")
    assert (ran.status, ran.err.count("\n")) == (7, 1)
    assert "holds no URLs" in ran.err
