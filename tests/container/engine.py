"""The container engine of this machine: Docker's or podman, asked by their command lines."""

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = ("docker", "podman")
SYSTEMD = Path("/run/systemd/system")

# Without systemd nobody else makes control groups, and where limits may not be raised podman's own are too high.
BARE = """
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
{runtime}
[network]
network_backend = "netavark"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its status, and what it said."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams: which of them a container's stderr comes on is the engine's choice."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers: its program, the one that reads compose files (none: empty), their environment."""

    program: str
    compose: Sequence[str]
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """Name the engine and its version."""
        return self.run("--version").out.strip()

    def run(self, *args: object, limit: float = 60, status: int | None = 0, **environment: str) -> Ran:
        """Run the engine's program; fails where its status is not the one expected, if any is."""
        return command([self.program, *map(str, args)], limit, status, {**self.environment, **environment})


def command(words: Sequence[str], limit: float, status: int | None, environment: Mapping[str, str]) -> Ran:
    """Run a command in the project's folder with a limit of seconds, and hold it to its status."""
    process = subprocess.run(
        words, cwd=ROOT, env=environment, timeout=limit, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    ran = Ran(process.returncode, process.stdout.decode(errors="replace"), process.stderr.decode(errors="replace"))
    assert status in (None, ran.status), f"{words}: status {ran.status}\n{ran.out}\n{ran.err}"
    return ran


def free_port() -> int:
    """Give a port of the loopback's that is free just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def find(home: Path) -> Engine | str:
    """Give the engine that CONTAINER_ENGINE names, or the first that answers, or the reason why there is none."""
    reasons = []
    wanted = os.environ.get("CONTAINER_ENGINE")
    for name in [wanted] if wanted else NAMES:
        program = shutil.which(name)
        if program is None:
            reasons.append(f"{name} is not installed")
            continue
        podman = Path(program).name == "podman"
        environment = {**_plain(os.environ), **(_bare(home) if podman and not SYSTEMD.exists() else {})}
        engine = Engine(program, _podman_compose() if podman else _docker_compose(program), environment)
        answer = engine.run("info", status=None)
        if answer.status == 0:
            return engine
        reasons.append(f"{name} has no engine that answers: {_last_line(answer.err)}")
    return "; ".join(reasons)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out anybody's settings of ours: the compose file would hand them on."""
    return {name: value for name, value in environment.items() if not name.startswith("DOWNLOADER_")}


def _bare(home: Path) -> Mapping[str, str]:
    """Write settings of podman's for a machine without systemd, such as a container itself."""
    limits = {"files": (resource.RLIMIT_NOFILE, 1024), "processes": (resource.RLIMIT_NPROC, 1000)}
    most = {name: _least(resource.getrlimit(kind)[1], wanted) for name, (kind, wanted) in limits.items()}
    runtime = 'runtime = "runc"' if shutil.which("runc") else ""
    path = home / "containers.conf"
    path.write_text(BARE.format(runtime=runtime, **most), encoding="utf-8")
    return {"CONTAINERS_CONF": str(path)}


def _least(hard: int, wanted: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)


def _docker_compose(program: str) -> Sequence[str]:
    words = (program, "compose")
    return () if command([*words, "version"], 60, None, os.environ).status else words


def _podman_compose() -> Sequence[str]:
    beside = Path(sys.executable).with_name("podman-compose")
    program = str(beside) if beside.exists() else shutil.which("podman-compose")
    return (program,) if program else ()
