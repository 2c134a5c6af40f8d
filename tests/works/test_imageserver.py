"""The image server: real requests over loopback, whole JPEGs, latencies that repeat."""

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from downloader.errors import UsageError
from downloader.imageserver import ImageServer, Plan, picture

QUICK = Plan(latency=0)
SMALLEST = 592


def ask(server, path, method="GET", host="127.0.0.1"):
    """Ask once; give the reply and its body."""
    connection = http.client.HTTPConnection(host, server.port, timeout=20)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply, reply.read()
    finally:
        connection.close()


def segments(body):
    """Walk a JPEG's segments up to its pixels; give (marker, contents) of each."""
    assert body[:2] == b"\xff\xd8"
    assert body[-2:] == b"\xff\xd9"
    at, found = 2, []
    while body[at + 1] != 0xDA:
        assert body[at] == 0xFF
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        found.append((body[at + 1], body[at + 4 : at + 2 + length]))
        at += 2 + length
    return found


@pytest.mark.parametrize("size", [SMALLEST, 593, 594, 595, 4000, 5949, 5950, 20480, 71_500, 71_517, 1 << 20])
def test_a_picture_has_the_very_size_and_structure(size):
    """From the smallest to many comments: sound segments, JFIF first, comments that hold no marker."""
    for index in range(10):
        body = picture(index, size, 1)
        assert len(body) == size
        (first, jfif), *others = segments(body)
        assert (first, jfif[:5]) == (0xE0, b"JFIF\0")
        comments = [contents for marker, contents in others if marker == 0xFE]
        assert comments
        assert not any(b"\xff" in comment for comment in comments)


def test_a_size_too_small_gives_the_smallest_picture():
    """No picture is smaller than the tiny one with its own comment."""
    assert {len(picture(index, 0, 1)) for index in range(20)} == {SMALLEST}


@pytest.mark.parametrize("size", [SMALLEST, 20480])
def test_each_picture_has_bytes_of_its_own(size):
    """A thousand indexes give a thousand bodies, another seed others, the same seed the same again."""
    bodies = {picture(index, size, 1) for index in range(1000)}
    assert len(bodies) == 1000
    assert picture(7, size, 2) not in bodies
    assert picture(7, size, 1) in bodies


def test_delays_repeat_and_differ_by_index_and_seed():
    """A latency depends on plan and index alone."""
    plan = Plan(latency=0.2, seed=3)
    delays = [plan.delay(index) for index in range(100)]
    assert delays == [plan.delay(index) for index in range(100)]
    assert len(set(delays)) == 100
    assert Plan(latency=0.2, seed=4).delay(0) != delays[0]


def test_delays_are_lognormal_around_the_median():
    """Half are below the latency, and the logarithms spread by sigma."""
    delays = [Plan(latency=0.2, spread=0.5).delay(index) for index in range(4000)]
    assert statistics.median(delays) == pytest.approx(0.2, rel=0.05)
    low, *_, high = statistics.quantiles(delays, n=100)
    assert high / low == pytest.approx(10.2, rel=0.2)  # e to the power of 2 * 2.326 * 0.5


def test_no_spread_gives_the_median():
    """With spread 0 every image takes the same time."""
    assert {Plan(latency=0.2, spread=0).delay(index) for index in range(50)} == {0.2}


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": 0},
        {"hosts": 251},
        {"hosts": 2, "address": "0.0.0.0"},
        {"latency": -1.0},
        {"spread": float("nan")},
        {"size": -1},
    ],
    ids=str,
)
def test_a_plan_refuses_what_it_cannot_do(wrong):
    """The error names the setting."""
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Plan(**wrong)


def test_an_image_comes_whole_and_named():
    """Body, length, type and tag are those of the picture; far indexes work too."""
    with ImageServer(QUICK) as server:
        for index in (0, 3, 123_456_789):
            reply, body = ask(server, f"/image-{index}.jpg")
            assert (reply.status, reply.version) == (200, 11)
            assert body == picture(index, QUICK.size, QUICK.seed)
            assert reply.headers["Content-Length"] == str(QUICK.size)
            assert reply.headers["Content-Type"] == "image/jpeg"
            assert str(index) in reply.headers["ETag"]


def test_head_gives_the_head_alone():
    """HEAD announces the length and sends no body."""
    with ImageServer(QUICK) as server:
        reply, body = ask(server, "/image-1.jpg", "HEAD")
    assert (reply.status, reply.headers["Content-Length"], body) == (200, str(QUICK.size), b"")


def test_query_strings_make_no_difference():
    """The same image under as many URLs as wanted."""
    with ImageServer(QUICK) as server:
        assert ask(server, "/image-1.jpg?n=1")[1] == ask(server, "/image-1.jpg?n=2")[1]
        assert server.hits == {1: 2}


@pytest.mark.parametrize(
    "path", ["/image-.jpg", "/image--1.jpg", "/image-1.png", "/images", f"/image-{'9' * 5000}.jpg"]
)
def test_other_paths_are_not_found(path):
    """Whatever is no image of ours is 404, not a crash."""
    with ImageServer(QUICK) as server:
        assert ask(server, path)[0].status == 404
        assert not server.hits


def test_the_root_says_what_it_is():
    """A person who opens the address learns what to ask for."""
    with ImageServer(QUICK) as server:
        reply, body = ask(server, "/")
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert b"/image-0.jpg" in body


def test_one_connection_serves_many_requests():
    """Keep-alive: the socket of the first request carries the others."""
    with ImageServer(QUICK) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        sockets = set()
        for index in range(5):
            connection.request("GET", f"/image-{index}.jpg")
            assert len(connection.getresponse().read()) == QUICK.size
            sockets.add(connection.sock)
        connection.close()
    assert len(sockets) == 1
    assert None not in sockets


def test_flaky_indexes_fail_once():
    """The first request is answered 500 with a text, later ones well; others never fail."""
    with ImageServer(Plan(latency=0, flaky=frozenset({2}))) as server:
        reply, body = ask(server, "/image-2.jpg")
        assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (500, "text/plain")
        assert body
        assert [ask(server, f"/image-{index}.jpg")[0].status for index in (2, 2, 3)] == [200, 200, 200]
        assert server.hits == {2: 3, 3: 1}


def test_requests_wait_at_the_same_time():
    """Eight clients are all kept waiting at once: the server is no queue."""
    with ImageServer(Plan(latency=1.5, spread=0)) as server, ThreadPoolExecutor(8) as crew:
        replies = list(crew.map(lambda index: ask(server, f"/image-{index}.jpg"), range(8)))
        assert {reply.status for reply, _ in replies} == {200}
        assert server.most_at_once == 8


def test_one_client_is_one_at_once():
    """Requests one after another never overlap."""
    with ImageServer(QUICK) as server:
        for index in range(5):
            ask(server, f"/image-{index}.jpg")
        assert server.most_at_once == 1


def test_an_image_keeps_its_client_waiting():
    """The reply does not come before the plan's latency has passed."""
    with ImageServer(Plan(latency=0.3, spread=0)) as server:
        began = time.monotonic()
        ask(server, "/image-0.jpg")
        assert time.monotonic() - began >= 0.29


def test_every_host_answers_on_the_same_port():
    """Indexes go round the hosts, and each host knows its image."""
    with ImageServer(Plan(hosts=20, latency=0)) as server:
        urls = server.urls(21)
        assert urls[0] == f"http://127.0.0.1:{server.port}/image-0.jpg"
        assert urls[19] == f"http://127.0.0.20:{server.port}/image-19.jpg"
        assert urls[20] == f"http://127.0.0.1:{server.port}/image-20.jpg"
        for index in range(20):
            assert ask(server, f"/image-{index}.jpg", host=f"127.0.0.{index + 1}")[0].status == 200


def test_an_address_of_choice():
    """A single host may live elsewhere than on 127.0.0.1; the URLs say where."""
    with ImageServer(Plan(latency=0, address="127.0.0.9")) as server:
        assert server.url(3) == f"http://127.0.0.9:{server.port}/image-3.jpg"
        assert ask(server, "/image-3.jpg", host="127.0.0.9")[0].status == 200
        with pytest.raises(ConnectionRefusedError):
            ask(server, "/image-3.jpg")


def test_hosts_beyond_the_plan_do_not_answer():
    """Only what was asked for listens."""
    with ImageServer(Plan(hosts=2, latency=0)) as server, pytest.raises(ConnectionRefusedError):
        ask(server, "/image-0.jpg", host="127.0.0.3")


def test_the_most_hosts_can_be_had():
    """Two hundred and fifty hosts start, and the last one answers."""
    with ImageServer(Plan(hosts=250, latency=0)) as server:
        assert ask(server, "/image-249.jpg", host="127.0.0.250")[0].status == 200


def test_a_port_in_use_is_one_clear_line():
    """The error names the port and says what to do, even if only the last host's is taken."""
    with socket.create_server(("127.0.0.3", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port}: it is in use; choose another") as caught:
            ImageServer(Plan(hosts=3), port).__enter__()
    assert "\n" not in str(caught.value)


def test_an_address_that_is_not_ours_is_one_clear_line():
    """An address of the documentation's network is no machine's own."""
    with pytest.raises(UsageError, match="this machine does not answer there; ask for one host, or at another"):
        ImageServer(Plan(address="192.0.2.1")).__enter__()


def test_a_port_that_is_none_is_refused():
    """Beyond 65535 there are no ports."""
    with pytest.raises(UsageError, match="port cannot be 70000"):
        ImageServer(QUICK, 70000).__enter__()


def test_a_port_just_left_can_be_taken_again():
    """Connections that linger in the kernel do not hold the port."""
    with ImageServer(QUICK) as first:
        ask(first, "/image-0.jpg")
    with ImageServer(QUICK, first.port) as second:
        assert ask(second, "/image-0.jpg")[0].status == 200


def test_leaving_ends_the_thread_and_cuts_what_waits():
    """A request that would wait for minutes neither holds the end nor leaves a thread."""
    with ImageServer(Plan(latency=300, spread=0)) as server:
        waiting = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        waiting.request("GET", "/image-0.jpg")
        while not server.hits:
            time.sleep(0.01)
        assert any(thread.name == f"image-server-{server.port}" for thread in threading.enumerate())
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        waiting.getresponse()
    waiting.close()
    assert not any(thread.name.startswith("image-server") for thread in threading.enumerate())


FOREGROUND = """
from functools import partial
from downloader.imageserver import Plan, run_forever
run_forever(Plan(hosts=2, latency=0), 0, partial(print, flush=True))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_server_announces_itself_and_ends_cleanly(number):
    """One line with an address that answers; a signal ends it with status 0 and no traceback."""
    command = [sys.executable, "-c", FOREGROUND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        address = next(word for word in line.split() if word.startswith("http://")).split("/")[2]
        connection = http.client.HTTPConnection(address, timeout=20)
        connection.request("GET", "/image-0.jpg")
        assert connection.getresponse().read() == picture(0, Plan().size, 1)
        os.kill(process.pid, number)  # while a kept-alive connection is open
        rest, errors = process.communicate(timeout=20)
        connection.close()
    assert (process.returncode, rest, errors) == (0, "", "")
    assert "127.0.0.1 to 127.0.0.2" in line
