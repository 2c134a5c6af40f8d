"""An image server in a container on a project's network, which counts what it is asked for."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.container.project import Project, wait_for

SLOW_FROM = 100_000
"""Indexes from here on are slow."""

SLOW = 13.0
"""Seconds that a slow image takes: more than the 10 that engines leave by themselves, less than a job drains for."""

PROGRAM = f"""
import json, signal
from pathlib import Path
from downloader.imageserver import ImageServer, Plan

class Uneven(Plan):
    def delay(self, index):
        return {SLOW} if index >= {SLOW_FROM} else self.latency

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
with ImageServer(Uneven(address="0.0.0.0", latency=LATENCY, size=2000), 8000) as server:
    print("ready", flush=True)
    while signal.sigwait([signal.SIGTERM, signal.SIGUSR1]) == signal.SIGUSR1:
        print(json.dumps(dict(server.hits)), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Counting:
    """The server: its name, and the container it runs in."""

    project: Project
    name: str

    @property
    def host(self) -> str:
        """Give its name on the network, with its port."""
        return f"{self.name}:8000"

    def url(self, index: int) -> str:
        """Give the address of an image."""
        return f"http://{self.host}/image-{index}.jpg"

    def slow(self, index: int) -> str:
        """Give the address of an image that takes its time."""
        return self.url(SLOW_FROM + index)

    def hits(self) -> dict[str, int]:
        """Give how often each address was asked for."""
        engine, said = self.project.engine, self._lines()
        engine.run("kill", "--signal", "USR1", self.name)
        wait_for(lambda: len(self._lines()) > len(said))
        return {self.url(int(index)): number for index, number in json.loads(self._lines()[-1]).items()}

    def _lines(self) -> list[str]:
        return [line for line in self.project.engine.run("logs", self.name).out.splitlines() if line[:1] == "{"]


@contextmanager
def counting(project: Project, latency: float = 0.1) -> Iterator[Counting]:
    """Run such a server on the network of a project, which has one when its image server is started."""
    project.serve_images()
    engine, name = project.engine, f"counting-{secrets.token_hex(4)}"
    program = PROGRAM.replace("LATENCY", str(latency))
    where = ("--network", f"{project.name}_default", "--entrypoint", "/opt/downloader/bin/python")
    engine.run("run", "--detach", "--no-healthcheck", "--name", name, *where, project.image.tag, "-c", program)
    try:
        wait_for(lambda: "ready" in engine.run("logs", name).out)
        yield Counting(project, name)
    finally:
        engine.run("rm", "--force", name, status=None)
