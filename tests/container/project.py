"""The compose file as a person uses it, under a project name of its own."""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.container.building import Image
from tests.container.engine import Engine, Ran, command, free_port

SERVER = "imageserver:8000"
PROFILES = ("batch", "demo")
LIMIT = 120.0

PATIENCE = 60.0
"""Longest wait for a container to get somewhere."""

HARDENED = [
    "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",  # noqa: S108
    "--init", "--no-healthcheck", "--memory", "2g",
]  # fmt: skip
"""What the compose file asks for, for a container that is run without it."""


class Project:
    """A compose project: its image server, lists, volumes. ``close`` removes all of it."""

    def __init__(self, engine: Engine, image: Image, home: Path) -> None:
        self.engine = engine
        self.image = image
        self.name = f"downloader-test-{secrets.token_hex(4)}"
        self.input = home / "input"
        self.input.mkdir(mode=0o755)
        self.port = free_port()

    def compose(
        self, *args: object, profiles: Iterable[str] = PROFILES, status: int | None = 0, **environment: str
    ) -> Ran:
        """Run the program that reads compose files on this project."""
        chosen = [word for name in profiles for word in ("--profile", name)]
        words = [*self.engine.compose, *chosen, "--project-name", self.name, *map(str, args)]
        own = {"IMAGE": self.image.tag, "INPUT": str(self.input), "PORT": str(self.port)}
        return command(words, LIMIT, status, {**self.engine.environment, **own, **environment})

    def close(self) -> None:
        """Remove the project's containers, networks and volumes."""
        self.compose("down", "--volumes", "--timeout", "5", status=None)

    def serve_images(self) -> None:
        """Start the image server, where it does not run yet."""
        self.compose("up", "--detach", "imageserver")

    def write_list(self, paths: Iterable[str]) -> None:
        """Write the list that batch reads."""
        lines = [f"http://{SERVER}{path}\n" for path in paths]
        (self.input / "urls.txt").write_text("".join(lines), encoding="utf-8")

    def batch(self, *args: object, status: int | None = 0, **environment: str) -> Ran:
        """Run the batch job to its end, as written or with other arguments."""
        environment = {"DOWNLOADER_ALLOW_HOST": SERVER, **environment}
        return self.compose("run", "--rm", "-T", "batch", *args, status=status, **environment)

    def get(self, *args: object, status: int = 0) -> dict[str, Any]:
        """Run the batch job with more arguments; gives its summary, with the outcomes by path under "outcomes"."""
        talk = ("get", "-i", "/input/urls.txt", "-o", "/data", "--json", "--progress", "none")
        return told(self.batch(*talk, *args, status=status))

    def run(self, *args: object, options: Iterable[object] = (), status: int = 0) -> Ran:
        """Run the image hardened on the project's network, without the compose file; ``options`` are the engine's."""
        network = ("--network", f"{self.name}_default", "--volume", f"{self.input}:/input:ro")
        name = ("--env", f"DOWNLOADER_ALLOW_HOST={SERVER}")
        words = ("run", "--rm", *HARDENED, *network, *name, *options, self.image.tag, *args)
        return self.engine.run(*words, status=status, limit=LIMIT)

    def python(self, code: str) -> str:
        """Run code in the container of a batch job; gives the line it printed."""
        ran = self.compose("run", "--rm", "-T", "--entrypoint", "/opt/downloader/bin/python", "batch", "-c", code)
        return ran.out.splitlines()[-1]  # behind the names of what podman-compose made

    def container(self, service: str) -> str:
        """Give the id of a service's container, running or not."""
        labels = [f"com.docker.compose.project={self.name}", f"com.docker.compose.service={service}"]
        filters = [word for label in labels for word in ("--filter", f"label={label}")]
        [identity] = self.engine.run("ps", "--all", "--quiet", *filters).out.split()
        return identity

    def stop(self, service: str) -> tuple[int, float]:
        """Have a container stopped; gives its exit status, and the seconds that it took."""
        begun = time.monotonic()
        self.compose("stop", service)
        seconds = time.monotonic() - begun
        return self.status(service), seconds

    def status(self, service: str) -> int:
        """Give the exit status of a container that has ended."""
        return int(self.engine.run("inspect", "--format", "{{.State.ExitCode}}", self.container(service)).out)

    def is_running(self, service: str) -> bool:
        """Tell whether a container runs."""
        told = self.engine.run("inspect", "--format", "{{.State.Running}}", self.container(service)).out
        return told.strip() == "true"

    def log(self, service: str) -> str:
        """Give all that a service's container has written, over all its lives."""
        return self.engine.run("logs", self.container(service)).said


def wait_for(condition: Callable[[], bool], limit: float = PATIENCE) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.2)


def told(ran: Ran) -> dict[str, Any]:
    """Give the summary that a run with ``--json`` ended with, and its outcomes under "outcomes"."""
    lines = [json.loads(line) for line in ran.out.splitlines() if re.match(r'\{"type"', line)]
    *outcomes, summary = lines
    return summary | {"outcomes": outcomes}
