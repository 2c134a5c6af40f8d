"""A failure is its own host's, wherever the list began."""

import socket

import pytest

from tests.support.hostile import SCRIPTS, HostileServer, answer, redirect, sized
from tests.support.images import jpeg

IMAGE = sized(jpeg(2000, seed=1))


def good(connection, _):
    """An image."""
    connection.send(IMAGE)
    return True


def test_redirects_to_dead_hosts_do_not_take_the_redirector_down(fetch, hostile):
    """It has answered each time: its own images are all fetched, and only those elsewhere fail."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there once this is closed
    away = redirect(f"http://127.0.0.9:{port}/a.jpg")
    hostile.scripts = SCRIPTS | {f"/away-{number}": away for number in range(12)} | {"/near/*": good}
    lost = [hostile.url(f"/away-{number}") for number in range(12)]
    own = [hostile.url(f"/near/{number}") for number in range(12)]
    told = fetch([*lost, *own], allow_private=True, jobs=4)
    assert {told[url].code for url in lost} == {"unreachable"}
    assert {told[url].code for url in own} == {None}


@pytest.mark.parametrize("retry_after", [30])
def test_a_busy_target_does_not_rest_the_redirector(fetch, hostile, retry_after):
    """Who asks for patience is left alone, and nobody else."""
    with HostileServer(
        {"/busy.jpg": answer(b"", f"Retry-After: {retry_after}", status="429 Too Many Requests")}
    ) as other:
        there = other.url("/busy.jpg").replace("127.0.0.1", "localhost")
        hostile.scripts = SCRIPTS | {"/away": redirect(there), "/near/*": good}
        urls = [hostile.url("/away"), *(hostile.url(f"/near/{number}") for number in range(8))]
        told = fetch(urls, allow_private=True, jobs=1, retries=0)
    assert told[urls[0]].code == "busy"
    assert {told[url].code for url in urls[1:]} == {None}
    times = [time for path, times in hostile.times.items() if path != "/away" for time in times]
    assert max(times) - hostile.times["/away"][0] < retry_after / 2
