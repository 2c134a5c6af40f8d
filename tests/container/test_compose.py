"""The compose file's batch job, run, hardened as it says."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.container.counting import counting
from tests.container.project import Project, told, wait_for

pytestmark = [pytest.mark.container, pytest.mark.timeout(1200)]

USER = 10001
GRACE = 30.0
"""Seconds the compose file leaves to a container that is told to stop."""

MANY = 300
"""Images that take two jobs about 15 s."""

FEW_FILES = ("--ulimit", "nofile=64:64", "--ulimit", "nproc=1000:1000")  # the one given, an engine forgets its own

HARDENING = """
import json, os, resource
def status(name):
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name))
def refusal(path):
    try:
        open(path, "w").close()
    except OSError as error:
        return error.strerror
def limit(*names):
    return next((open(name).read().strip() for name in names if os.path.exists(name)), None)
print(json.dumps({
    "user": os.getuid(),
    "capabilities": int(status("CapBnd"), 16),
    "no new privileges": status("NoNewPrivs"),
    "an init": not set(open("/proc/1/comm").read().split()) & {"python", "python3", "downloader"},
    "root": refusal("/opt/downloader/file"),
    "settings": refusal("/config/file"),
    "temporary": refusal("/tmp/file"),
    "data": refusal("/data/file"),
    "memory": limit("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    "processes": limit("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"),
}))
"""

LOCKED = {
    "user": USER, "capabilities": 0, "no new privileges": "1", "an init": True,
    "root": "Read-only file system", "settings": "Read-only file system", "temporary": None, "data": None,
    "memory": str(2 << 30), "processes": "512",
}  # fmt: skip
"""What HARDENING finds in a container that is locked down."""

OWNERS = """
import json, os
print(json.dumps({os.path.join(at, name): os.lstat(os.path.join(at, name)).st_uid
                  for at, folders, files in os.walk("/data") for name in folders + files}))
"""


def images(count: int) -> list[str]:
    """Give paths of the image server."""
    return [f"/image-{number}.jpg" for number in range(count)]


# --- batch


def test_a_batch_passes_its_status_on(project: Project):
    """A list with one 404 gives status 3 through the compose file, and user 10001 owns all it left in the volume."""
    project.serve_images()
    project.write_list([*images(5), "/nothing.jpg"])
    ran = project.batch(status=3)
    assert "saved 5 of 6, skipped 0, failed 1" in ran.said
    assert (project.get(status=3)["known"], project.batch("status", "/data").out.split(",")[0]) == (6, "5 saved")
    owners = json.loads(project.python(OWNERS))
    assert sum(name.endswith(".jpg") for name in owners) == 5
    assert set(owners.values()) == {USER}


def test_settings_come_from_the_caller(project: Project):
    """A variable of the caller's is the flag in the container; a wrong one is status 2 and named."""
    project.serve_images()
    project.write_list(images(3))
    project.batch(DOWNLOADER_NAME="picture-{index}")
    assert "/data/picture-2.jpg" in project.python(OWNERS)
    assert "DOWNLOADER_JOBS cannot be 'many'" in project.batch(DOWNLOADER_JOBS="many", status=2).said
    project.batch(DOWNLOADER_CONFIG="/config/ten-images.toml")


def test_a_list_that_is_not_there(project: Project):
    """Status 7, and the path in the container."""
    assert "'/input/urls.txt'" in project.batch(status=7).said


def test_a_stopped_batch_drains_and_resumes(project: Project):
    """SIGTERM ends it with 143 within the grace, nothing half done; the same command asks only for the rest."""
    project.serve_images()
    project.write_list(images(MANY))
    few = {"DOWNLOADER_ALLOW_HOST": "imageserver:8000", "DOWNLOADER_JOBS": "2"}
    project.compose("up", "--detach", "--no-deps", "batch", **few)
    batch = project.container("batch")
    wait_for(lambda: project.engine.run("exec", batch, "test", "-e", "/data/000020.jpg", status=None).status == 0)
    status, seconds = project.stop("batch")
    assert (status, seconds < GRACE) == (143, True)
    project.engine.run("rm", batch)
    kept = [name for name in json.loads(project.python(OWNERS)) if name.endswith(".jpg")]
    assert 20 < len(kept) < MANY
    assert ".part" not in project.python(OWNERS)
    summary = project.get()
    assert (summary["known"], summary["saved"]) == (len(kept), MANY)


def test_a_slow_image_is_waited_for(project: Project):
    """The grace is the compose file's, not an engine's usual 10 s: an image that takes 13 s comes, and then it ends."""
    with counting(project) as server:
        (project.input / "urls.txt").write_text(f"{server.slow(0)}\n")
        project.compose("up", "--detach", "--no-deps", "batch", DOWNLOADER_ALLOW_HOST=server.host)
        wait_for(lambda: server.hits() == {server.slow(0): 1})
        status, seconds = project.stop("batch")
        assert (status, seconds < GRACE) == (143, True)
        assert "saved 1 of 1" in project.log("batch")


# --- hardened


def test_a_container_is_locked_down(project: Project):
    """Read-only but for /data and /tmp, no capability, an init, limits of memory and processes: seen from within."""
    assert json.loads(project.python(HARDENING)) == LOCKED


def test_workers_work_within(project: Project):
    """Processes for untrusted bytes start in a locked container, work, and are held to their memory there."""
    project.serve_images()
    project.write_list(images(8))
    steps = ("--workers", 2, "--process", "resize=64,convert=webp,fingerprint")
    assert project.get(*steps)["saved"] == 8
    project.write_list(images(10))
    greedy = project.get(
        "--workers", 1, "--worker-memory", "400M", "--max-pixels", 0, "--process", "resize=16000", status=3
    )
    assert greedy["failed"] == {"decoder-memory": 2}


@pytest.mark.parametrize(
    ("limit", "said"),
    [(FEW_FILES, "instead of 200: the limit of open files is 64"), (("--pids-limit", "24"), "")],
)
def test_jobs_adapt_to_limits(project: Project, limit: tuple[str, ...], said: str):
    """With 64 open files, or 24 processes and threads in all, 200 jobs become fewer, and every image comes."""
    project.serve_images()
    project.write_list(images(60))
    args = ("get", "-i", "/input/urls.txt", "-o", "/tmp/images", "--jobs", 200, "--per-host", 0, "--json")  # noqa: S108
    ran = project.run(*args, options=limit)
    assert told(ran)["saved"] == 60
    assert said in ran.err


def test_a_folder_of_somebody_else(project: Project, home: Path):
    """Status 6 and one sentence with user, owner and what to do; doing either of what it says helps."""
    project.serve_images()
    project.write_list(images(2))
    folder = home / "mine"
    folder.mkdir(mode=0o755)
    mount = ("--volume", f"{folder}:/data")
    command = ("get", "-i", "/input/urls.txt", "-o", "/data", "--progress", "none")
    [line] = project.run(*command, options=mount, status=6).err.strip().splitlines()
    said = re.search(r"for user 10001, '/data' belongs to user (\d+); .*chown -R 10001 '/data',.*--user (\d+)", line)
    assert said, line
    project.run(*command, options=(*mount, "--user", said[2]))
    assert {path.stat().st_uid for path in folder.glob("*.jpg")} == {os.getuid()}
    assert "belongs to user" in project.run(*command, options=mount, status=6).err  # the other's manifest
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, USER, -1)
        project.run(*command, options=mount)
