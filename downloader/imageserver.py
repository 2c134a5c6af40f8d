"""A real image server on this machine: HTTP/1.1 with keep-alive, whole JPEGs, and a seeded latency.

The demo, the comparison, the lessons and the benchmarks need no network with it, and a run can be repeated:
the latency and the bytes of an image depend on the plan and its index alone, the same for every engine.
"""

import asyncio
import errno
import math
import random
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import Self

from aiohttp import web

from downloader.errors import UsageError

MOST_HOSTS = 250  # 127.0.0.1 to 127.0.0.250: more would leave the last part of the address
BACKLOG = 1024  # a crew of hundreds connects within one turn of the loop
PORT_TRIES = 50  # a port that is free on the first address may be taken on another
LOOPBACK = "127.0.0.1"
CUT_AFTER = 0.25  # seconds that requests under way have left when the server ends
JOIN_TIMEOUT = 10.0  # longest wait for the server's thread, which ends soon after CUT_AFTER

_SEGMENT = 0xFFFF + 2  # longest comment: marker, and a 16-bit length that counts itself (ITU T.81 B.2.4.5)
_KEY = 8  # bytes in the first comment that no other image has: enough to keep ten million apart
_PAGE = "A local server of test images: ask for /image-0.jpg, /image-1.jpg and so on, without end.\n"
_REFUSALS = {
    errno.EADDRINUSE: "it is in use; choose another, or 0 for a free one",
    errno.EACCES: "no permission; choose a port from 1024 up",
    errno.EADDRNOTAVAIL: "this machine does not answer there; ask for one host, or at another address",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the server serves, and how slowly; raises UsageError for what it cannot do.

    ``latency`` is the median, ``spread`` the sigma of its lognormal distribution (0: always the median).
    ``size`` is that of each image, see ``picture``. An index in ``flaky`` is answered 500 the first time.
    ``address`` is that of a single host, on a container's network say; several live on loopback.
    """

    hosts: int = 1
    latency: float = 0.1
    spread: float = 0.5
    size: int = 20 << 10
    seed: int = 1
    flaky: frozenset[int] = frozenset()
    address: str = LOOPBACK

    def __post_init__(self) -> None:
        if not 1 <= self.hosts <= MOST_HOSTS:
            raise UsageError(f"hosts cannot be {self.hosts!r}: choose from 1 to {MOST_HOSTS}")
        if self.hosts > 1 and self.address != LOOPBACK:
            raise UsageError(f"hosts cannot be {self.hosts!r} at {self.address!r}: choose 1 there")
        for name in ("latency", "spread", "size"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UsageError(f"{name} cannot be {getattr(self, name)!r}: choose 0 or more")

    def host(self, index: int) -> str:
        """Give the address that serves image ``index``; neighbours live on different hosts."""
        return self.address if self.hosts == 1 else f"127.0.0.{index % self.hosts + 1}"

    def delay(self, index: int) -> float:
        """Give the seconds that image ``index`` keeps its client waiting: the same each time."""
        return self.latency * random.Random(f"{self.seed}/{index}").lognormvariate(0, self.spread)


def picture(index: int, size: int, seed: int) -> bytes:
    """Give image ``index``: one of ten pictures, made exactly ``size`` bytes long by comments of its own.

    A size too small for the picture gets a tiny one; too small for that, the smallest there is (592 bytes).
    The comments hold no 0xFF: whoever looks for markers in a body cut short finds none that is not there.
    """
    *pictures, tiny = _pictures()
    base = pictures[index % len(pictures)]
    if size < len(base) + 4 + _KEY:
        base = tiny
    at = 4 + int.from_bytes(base[4:6], "big")  # behind the JFIF segment, which comes first by its own rule
    room = max(size - len(base), 4 + _KEY)
    return b"".join((base[:at], *_comments(room, index, seed), base[at:]))


def _comments(room: int, index: int, seed: int) -> Iterator[bytes]:
    # Segments of equal length: the shortest comment takes four bytes, so filling up may end 1 to 3 short.
    noise = _noise(seed)
    text = blake2b(f"{seed}/{index}".encode(), digest_size=_KEY).digest().replace(b"\xff", b"\0") + noise
    count = math.ceil(room / _SEGMENT)
    for number in range(count):
        length = (room + number) // count - 4
        yield b"\xff\xfe" + (length + 2).to_bytes(2, "big") + text[:length]
        text = noise


@lru_cache(maxsize=16)
def _noise(seed: int) -> bytes:
    # One for all images of a seed: joining slices of it is so quick that keeping images would not pay.
    return random.Random(seed).randbytes(_SEGMENT).replace(b"\xff", b"\0")


@lru_cache(maxsize=1)
def _pictures() -> tuple[bytes, ...]:
    folder = files("downloader") / "pictures"
    return tuple((folder / f"{name}.jpg").read_bytes() for name in (*range(10), "tiny"))


class ImageServer:
    """Serves images by a plan, from a thread of its own, while its ``with`` block lasts; enter it once.

    Entering raises UsageError when the port cannot be had; port 0 takes one that is free on all addresses.
    ``port`` and ``url`` hold from then on. ``hits`` counts the requests of each index, ``most_at_once`` those
    answered at the same time; the server's thread alone writes them, any may read.
    """

    def __init__(self, plan: Plan, port: int = 0) -> None:
        self.plan = plan
        self.port = port
        self.hits: Counter[int] = Counter()
        self.most_at_once = 0
        self._at_once = 0
        self._stop = asyncio.Event()

    def __enter__(self) -> Self:
        self._open()
        self._thread = threading.Thread(target=self._work, name=f"image-server-{self.port}")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(JOIN_TIMEOUT)
        if self._thread.is_alive():
            raise RuntimeError(f"the image server on port {self.port} does not end")

    def url(self, index: int) -> str:
        """Give the address of image ``index``."""
        return f"http://{self.plan.host(index)}:{self.port}/image-{index}.jpg"

    def urls(self, count: int) -> list[str]:
        """Give the addresses of the first ``count`` images."""
        return [self.url(index) for index in range(count)]

    def _open(self) -> None:
        # The sockets listen before the loop turns: who connects from here on waits in the backlog at worst.
        _pictures()
        self._sockets = _listen([self.plan.host(index) for index in range(self.plan.hosts)], self.port)
        self.port = self._sockets[0].getsockname()[1]
        self._loop = asyncio.new_event_loop()

    def _work(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        application = web.Application()
        application.router.add_get("/image-{index:[0-9]{1,18}}.jpg", self._image)
        application.router.add_get("/", self._page)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=CUT_AFTER)
        await runner.setup()
        try:
            for listener in self._sockets:
                await web.SockSite(runner, listener, backlog=BACKLOG).start()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _image(self, request: web.Request) -> web.Response:
        index = int(request.match_info["index"])
        self.hits[index] += 1
        refused = self.hits[index] == 1 and index in self.plan.flaky
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self.plan.delay(index))
        self._at_once -= 1
        if refused:
            return web.Response(status=500, text="not this time: ask again\n")
        size, seed = self.plan.size, self.plan.seed
        headers = {"Content-Type": "image/jpeg", "ETag": f'"{index}-{size}-{seed}"'}
        return web.Response(body=picture(index, size, seed), headers=headers)

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=_PAGE)


def run_forever(plan: Plan, port: int, announce: Callable[[str], None]) -> None:
    """Be an ImageServer in the main thread until SIGINT or SIGTERM; ``announce`` gets one line when up."""
    server = ImageServer(plan, port)
    server._open()
    for number in (signal.SIGINT, signal.SIGTERM):
        server._loop.add_signal_handler(number, server._stop.set)
    hosts = plan.address if plan.hosts == 1 else f"{plan.host(0)} to {plan.host(plan.hosts - 1)}"
    announce(f"serving images on {hosts}, port {server.port}: try {server.url(0)} (Ctrl-C ends)")
    server._work()


def _listen(addresses: Sequence[str], port: int) -> list[socket.socket]:
    if not 0 <= port <= 0xFFFF:
        raise UsageError(f"port cannot be {port!r}: choose from 0 to {0xFFFF}")
    tries = 1 if port else PORT_TRIES
    while True:
        tries -= 1
        try:
            return _listen_once(addresses, port)
        except OSError as error:
            if not tries or error.errno != errno.EADDRINUSE:
                reason = _REFUSALS.get(error.errno or 0, error.strerror)
                raise UsageError(f"cannot listen on port {port}: {reason}") from error


def _listen_once(addresses: Sequence[str], port: int) -> list[socket.socket]:
    # create_server sets SO_REUSEADDR: a port just left may be taken again at once.
    with ExitStack() as opened:
        listeners: list[socket.socket] = []
        for address in addresses:
            listener = socket.create_server((address, port), backlog=BACKLOG)
            listeners.append(opened.enter_context(listener))
            port = listener.getsockname()[1]
        opened.pop_all()
    return listeners
