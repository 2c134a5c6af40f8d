"""Clients that take their time, and crowds of them: none keeps others out, and all are let go in the end."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from aiohttp import web

from downloader.service.api import downloads
from downloader.service.connections import MOST
from downloader.service.operations import Ask
from downloader.service.problems import problems
from downloader.service.security import add_headers
from tests.service.serving import LIMIT, Served, image_urls, images
from tests.service.strangers import JOBS, connected, raw, rest, status

_POST = b"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_FORM = b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"

SLOW = {
    "nothing": (b"", b""),
    "head": (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n"),
    "second head": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HTTP/1.1\r\n", b"X-A: b\r\n"),
    "text": (_POST + b"Content-Type: text/plain\r\nContent-Length: 100000\r\n\r\n", b"x"),
    "JSON": (_POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n[\r\n"),
    "before the form": (_POST + _FORM, b"3\r\na\r\n\r\n"),
    "head of a field": (_POST + _FORM + b"5\r\n--x\r\n\r\n", b"6\r\nA: b\r\n\r\n"),
    "token": (
        b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n",
        b"x",
    ),
}
"""What is sent at once, and what then twice a second."""


def _drip(service: Served, name: str, took: dict[str, tuple[float, bytes]]) -> None:
    first, drop = SLOW[name]
    begun, answer = time.monotonic(), b""
    with connected(service) as sock:
        sock.sendall(first)
        sock.settimeout(0.5)
        while time.monotonic() < begun + 60:
            try:
                if not (piece := sock.recv(65536)):
                    break
                answer += piece
            except TimeoutError:
                try:
                    sock.sendall(drop)
                except OSError:
                    break
            except OSError:
                break
    took[name] = time.monotonic() - begun, answer


@pytest.mark.timeout(120)
def test_slow_requests_are_ended(service: Served) -> None:
    """Heads and bodies that come drop by drop are ended within a minute, told so where a head was whole."""
    took: dict[str, tuple[float, bytes]] = {}
    before = set((service.data / "jobs").iterdir())
    drips = [threading.Thread(target=_drip, args=(service, name, took)) for name in SLOW]
    for drip in drips:
        drip.start()
    for drip in drips:
        drip.join(90)
    assert {name: seconds for name, (seconds, _) in took.items() if seconds > 50} == {}
    assert took["nothing"][1] == took["head"][1] == b""
    for name in ("text", "JSON", "before the form", "head of a field", "token"):
        assert status(took[name][1]) == 408, name
    assert set((service.data / "jobs").iterdir()) == before


def test_a_crowd_that_says_nothing_makes_room(service: Served) -> None:
    """Of more connections than there are places those go that have waited longest, and who asks is answered."""
    crowd = []
    try:
        for _ in range(MOST + 40):
            crowd.append(connected(service))
        assert status(raw(service, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")) == 200
        gone = 0
        for sock in crowd[:30]:
            sock.settimeout(10)
            with suppress(ConnectionError):
                assert sock.recv(1) == b""
            gone += 1
        assert gone == 30
    finally:
        for sock in crowd:
            sock.close()


def test_a_stream_that_nobody_reads_is_dropped(data: Path) -> None:
    """Its events wait up to a bound; then the line is cut, while who reads hears every one of them."""
    long = {"url-col": "\U0001f600" * 200, "hash-col": "\U0001f600" * 200}
    with images(latency=30.0) as server, Served(data, "--allow-host", "127.0.0.1", "--max-running", 1) as service:
        service.submit(image_urls(server, 1))
        waiting = service.submit(image_urls(server, 1), **long)
        with connected(service, window=4096) as deaf, service.events("/api/v1/events") as events:
            deaf.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert status(deaf.recv(100)) == 200
            assert next(events).name == "snapshot"
            assert _listeners(service) == 2
            for _ in range(40):
                for word in ("pause", "resume"):
                    assert service.say(waiting, word).status_code == 202
            states = (event.data["status"] for event in events if event.name == "job" and event.data["id"] == waiting)
            assert list(islice(states, 80)) == ["paused", "queued"] * 40
            give_up = time.monotonic() + LIMIT
            while _listeners(service) > 1:
                assert time.monotonic() < give_up
                time.sleep(0.1)
            with suppress(ConnectionError):
                assert rest(deaf).count(b"event: job") < 80


def _listeners(service: Served) -> int:
    text = service.ask("GET", "/metrics").text
    return int(float(next(line for line in text.splitlines() if line.startswith("downloader_listeners ")).split()[1]))


def test_a_tar_that_nobody_reads_does_not_hold_up_the_end(data: Path) -> None:
    """SIGTERM in the middle of two archives, one read and one not: gone within 25 s, exit 0."""
    with images(size=200_000) as server, Served(data, "--allow-host", "127.0.0.1") as service:
        job = service.submit(image_urls(server, 200))
        assert service.ended(job)["counts"]["saved"] == 200
        ask = f"GET {JOBS}/{job}/images.tar HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        with connected(service, window=4096) as one, connected(service, window=4096) as other:
            for sock in (one, other):
                sock.sendall(ask)
                assert status(sock.recv(100)) == 200
            left, took = service.terminate()
        assert (left, took < 25) == (0, True)


def _ending(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """Give what a client hears of a download, and whether the pieces were let go; a client that reads nothing else."""
    answer, closed = b"", False

    async def download(request: web.Request) -> web.StreamResponse:
        nonlocal closed
        try:
            return await downloads._sent(Ask(request, None, {}), pieces, "text/plain", "x")  # type: ignore[arg-type]
        finally:
            closed = True

    async def scene() -> None:
        nonlocal answer
        app = web.Application(middlewares=[problems])  # type: ignore[list-item]
        app.router.add_get("/", download)
        app.on_response_prepare.append(add_headers)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(runner.addresses[0])
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(300):
                if closed:
                    break
                await asyncio.sleep(0.1)
            try:
                answer = await asyncio.to_thread(rest, sock)
            except ConnectionError:
                answer = b"cut"
        await runner.cleanup()

    asyncio.run(scene())
    return answer, closed


def test_a_download_that_is_not_taken_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so long without a byte taken, its line is cut and its file let go."""
    monkeypatch.setattr(downloads, "STALLED", 1.0)
    answer, closed = _ending(b"x" * 300_000 for _ in range(1000))
    assert closed
    assert b"0\r\n\r\n" not in answer


def test_a_download_that_breaks_is_cut_off() -> None:
    """No second answer within the first, which would look whole: the line ends, and the client knows."""

    def pieces() -> Iterator[bytes]:
        yield b"x" * 300_000
        raise RuntimeError("the disk is gone")

    answer, _ = _ending(pieces())
    assert b"0\r\n\r\n" not in answer
    assert b"problem" not in answer
    assert answer.count(b"HTTP/1.1") <= 1
