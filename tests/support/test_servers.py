"""The servers that other tests stand on: do they do what they are there for?"""

import http.client
import ssl
import threading
import time
import zlib

import pytest
import requests
from werkzeug import Response

from tests.support import images
from tests.support.hostile import BOMB_BLOCKS, JPEG, SCRIPTS, HostileServer, image_at

AT_ONCE = 8


def in_threads(count, target):
    """Run ``target`` in so many threads and join them."""
    threads = [threading.Thread(target=target, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_requests_overlap(httpserver):
    """Eight requests of 0.3 s are at work at the same time, whatever the clock says."""
    lock, now, most = threading.Lock(), 0, 0

    def handler(_):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.3)
        with lock:
            now -= 1
        return Response(b"ok")

    httpserver.expect_request("/slow").respond_with_handler(handler)
    in_threads(AT_ONCE, lambda _: requests.get(httpserver.url_for("/slow"), timeout=20))
    assert most == AT_ONCE
    assert len(httpserver.log) == AT_ONCE


def test_connections_are_kept_alive(httpserver):
    """One client's requests share one connection, and HTTP/1.1 is spoken."""
    httpserver.expect_request("/a").respond_with_data(b"x" * 3000)
    httpserver.expect_request("/none").respond_with_data(b"", status=204)
    before = httpserver.connections
    client = http.client.HTTPConnection(httpserver.host, httpserver.port, timeout=20)
    seen = []
    for path in ("/a", "/none", "/a", "/a"):
        client.request("GET", path)
        reply = client.getresponse()
        seen.append((reply.status, len(reply.read()), reply.version))
    client.close()
    assert seen == [(200, 3000, 11), (204, 0, 11), (200, 3000, 11), (200, 3000, 11)]
    assert httpserver.connections - before == 1


def fetch(server, path, **options):
    """Ask for one path with a client that follows nothing."""
    return requests.get(server.url(path), timeout=20, allow_redirects=False, **options)


@pytest.mark.parametrize(
    "path",
    [
        "/good.jpg",
        "/chunked.jpg",
        "/chunked-extras.jpg",
        "/close-whole.jpg",
        "/gzip.jpg",
        "/gzip-members.jpg",
        "/deflate.jpg",
        "/raw-deflate.jpg",
        "/same-lengths.jpg",
        "/http-1.0.jpg",
        "/slow.jpg",
        "/404-image.jpg",
    ],
)
def test_good_scripts_bring_the_image(hostile, path):
    """Every good answer decodes to the same bytes."""
    assert fetch(hostile, path).content == JPEG


def test_images_differ_by_name(hostile):
    """Each name below /images/ is an image of its own, and /bytes/ has the size asked for."""
    bodies = {fetch(hostile, f"/images/{number}.jpg").content for number in range(3)}
    assert bodies == {image_at(f"/images/{number}.jpg") for number in range(3)}
    assert len(bodies) == 3
    assert len(fetch(hostile, "/bytes/70001").content) == 70001


def test_hits_times_heads_and_connections_are_counted(hostile):
    """The server tells what it has seen."""
    with requests.Session() as session:
        for _ in range(3):
            session.get(hostile.url("/good.jpg?a=1"), headers={"X-Mark": "here"}, timeout=20)
    assert hostile.hits == {"/good.jpg": 3}
    assert hostile.connections == 1
    assert [request.position for request in hostile.requests] == [1, 2, 3]
    assert hostile.requests[0].target == "/good.jpg?a=1"
    assert hostile.requests[0].headers["x-mark"] == "here"
    assert hostile.times["/good.jpg"] == sorted(hostile.times["/good.jpg"])


def test_stale_connections_close_as_the_request_arrives(hostile):
    """A fresh connection is served, a used one is hung up on."""
    client = http.client.HTTPConnection("127.0.0.1", hostile.port, timeout=20)
    client.request("GET", "/stale.jpg")
    assert client.getresponse().read() == JPEG
    client.request("GET", "/stale.jpg")
    with pytest.raises(http.client.RemoteDisconnected):
        client.getresponse()
    client.close()
    assert fetch(hostile, "/stale.jpg").content == JPEG


def test_a_reset_is_a_reset(hostile):
    """A reset reaches the client as one, and what was sent before it too."""
    client = http.client.HTTPConnection("127.0.0.1", hostile.port, timeout=20)
    client.request("GET", "/reset-in-body.jpg")
    reply = client.getresponse()
    read = b""
    with pytest.raises(ConnectionResetError):  # noqa: PT012 - the bytes before it count
        while data := reply.read1(1000):
            read += data
    client.close()
    assert len(read) == len(JPEG) // 2


@pytest.mark.parametrize(("path", "wbits"), [("/gzip-bomb.jpg", 31), ("/deflate-bomb.jpg", 15)])
def test_bombs_are_whole_streams(hostile, path, wbits):
    """A bomb is small on the wire and inflates to more than a GiB, to a good end."""
    reply = fetch(hostile, path, stream=True)
    inflate = zlib.decompressobj(wbits)
    wire = decoded = 0
    while data := reply.raw.read(65536, decode_content=False):
        wire += len(data)
        decoded += len(inflate.decompress(data))
    assert inflate.eof
    assert wire < 2 << 20
    assert decoded == len(JPEG) + (BOMB_BLOCKS << 20) > 1 << 30


def test_the_gate_holds_requests(hostile):
    """Gated requests stay in flight until the test says so."""
    bodies = []
    threads = [
        threading.Thread(target=lambda n=n: bodies.append(fetch(hostile, f"/gated/{n}.jpg").content))
        for n in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    hostile.wait_for(lambda: hostile.in_flight == AT_ONCE)
    assert bodies == []
    hostile.gate.set()
    for thread in threads:
        thread.join()
    assert bodies == [JPEG] * AT_ONCE
    assert hostile.most_in_flight == AT_ONCE


def test_no_thread_outlives_the_server():
    """Clients that hang on every script are hung up on, and every thread ends within seconds."""
    before = set(threading.enumerate())
    clients = []
    with HostileServer(SCRIPTS) as server:
        for path in SCRIPTS:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            client.request("GET", path.replace("*", "5000"))  # and never read the answer
            clients.append(client)
        server.wait_for(lambda: len(server.requests) == len(SCRIPTS), 30)
        start = time.monotonic()
    assert time.monotonic() - start < 5
    assert set(threading.enumerate()) <= before
    for client in clients:
        client.close()


def test_a_script_that_raises_fails_the_test():
    """A defect in a script is not swallowed."""

    def broken(connection, visit):
        raise ZeroDivisionError

    server = HostileServer({"/": broken})
    with pytest.raises(ZeroDivisionError), server, pytest.raises(requests.ConnectionError):
        fetch(server, "/")


def test_tls_serves_and_refuses(tls, hostile_over_tls):
    """The authority vouches for the good certificate and for no other."""
    server = hostile_over_tls()
    assert fetch(server, "/good.jpg", verify=tls.ca_file).content == JPEG
    assert fetch(server, "/close-whole.jpg", verify=tls.ca_file).content == JPEG
    for context in tls.bad.values():
        bad = hostile_over_tls(context)
        with pytest.raises(requests.exceptions.SSLError):
            fetch(bad, "/good.jpg", verify=tls.ca_file)
        bad.wait_for(lambda bad=bad: bad.failed_handshakes == 1)
        assert bad.hits == {}


def test_tls_says_goodbye(tls, hostile_over_tls):
    """A body without length ends with TLS's closing word, so that a cut one can be told from it."""
    server = hostile_over_tls()
    client = http.client.HTTPSConnection(
        "localhost", server.port, context=ssl.create_default_context(cafile=tls.ca_file), timeout=20
    )
    client.request("GET", "/close-whole.jpg")
    assert client.getresponse().read() == JPEG
    client.close()


@pytest.mark.parametrize("size", [images.SMALLEST, images.SMALLEST + 4, 65_535, 65_950, 65_951, 200_001])
def test_jpegs_have_the_size_asked_for(size):
    """A padded JPEG is exactly as long as asked, whole, and different by seed."""
    body = images.jpeg(size, seed=1)
    assert len(body) == size
    assert body.startswith(b"\xff\xd8\xff")
    assert body.count(b"\xff\xd9") == 1
    assert body.endswith(b"\xff\xd9")
    assert size < images.SMALLEST + 8 or body != images.jpeg(size, seed=2)
    assert body == images.jpeg(size, seed=1)
