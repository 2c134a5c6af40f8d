"""Many hosts on the loopback, one lean process: whole images after a latency that a seed decides.

    python benchmarks/harness/hosts.py CORPUS '{"median": 0.1, "spread": 0.5, "seed": 1}' HOSTS

``/N.jpg`` comes after the latency of image N, ``/now/N.jpg`` at once. It says its port when it is up, and ends when its
stdin does. Answers are made beforehand and parsing is one search for a space: a request costs it about 50 us of CPU.
"""

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))

from harness.nginx import cpu_of
from harness.schedule import Latency

BACKLOG = 4096

Answers = Sequence[tuple[bytes, float]]
"""Head and body of each image, and its latency in seconds."""


def address(host: int, *, network: int = 2) -> str:
    """Give the address of a host; 250 of them live in a network."""
    return f"127.0.{network}.{host + 1}"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Servers at work."""

    port: int
    pid: int
    count: int

    def url(self, number: int, *, at_once: bool = False) -> str:
        """Give the URL of an image; neighbours live on different hosts."""
        return f"http://{address(number % self.count)}:{self.port}{'/now' if at_once else ''}/{number}.jpg"

    def cpu(self) -> float:
        """Give the CPU seconds that they have spent."""
        return cpu_of(self.pid)


class Host(asyncio.Protocol):
    """One connection: requests one after another, each answered after its latency."""

    def __init__(self, answers: Answers, loop: asyncio.AbstractEventLoop) -> None:
        self._answers, self._loop = answers, loop
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole head; no request has a body."""
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head, self._unread = self._unread[:end], self._unread[end + 4 :]
            path = head[: head.index(b" ", 4)]
            answer, wait = self._answers[int(path[path.rindex(b"/") + 1 : -4])]
            if path.startswith(b"GET /now/"):
                wait = 0.0
            self._loop.call_later(wait, self._transport.write, answer)


def answers(corpus: Path, latency: Latency) -> Answers:
    """Read the images, and give each with its latency."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
    count = sum(1 for _ in corpus.glob("*.jpg"))
    bodies = [(corpus / f"{number}.jpg").read_bytes() for number in range(count)]
    return [(head.format(len(body)).encode() + body, latency.of(number)) for number, body in enumerate(bodies)]


async def _serve(made: Answers, hosts: int) -> None:
    loop = asyncio.get_running_loop()
    port = 0
    for host in range(hosts):
        server = await loop.create_server(lambda: Host(made, loop), address(host), port, backlog=BACKLOG)
        port = server.sockets[0].getsockname()[1]
    print(port, flush=True)
    over = asyncio.Event()
    loop.add_reader(sys.stdin, over.set)
    await over.wait()


def main() -> None:
    """Serve until stdin ends."""
    corpus, latency, hosts = sys.argv[1:]
    made = answers(Path(corpus), Latency(**json.loads(latency)))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    gc.freeze()
    gc.disable()
    asyncio.run(_serve(made, int(hosts)))


@contextmanager
def serving(corpus: Path, latency: Latency, count: int) -> Iterator[Hosts]:
    """Run the hosts in a process of their own."""
    command = [sys.executable, __file__, str(corpus), json.dumps(asdict(latency)), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=os.sep) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said.strip().isdecimal():
                raise RuntimeError(f"the hosts did not start: {said!r}")
            yield Hosts(int(said), process.pid, count)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
