"""What is the curl engine's own: both drivers, HTTP/2, sockets judged once more, and nothing of the machine's own."""

import errno
import os
import shutil
import socket
import subprocess
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycurl
import pytest

from downloader import Saved, Settings, download
from downloader.engines import multi
from downloader.engines.hop import Hop
from downloader.engines.sockets import Opener
from downloader.errors import PrivateAddress, Starved
from downloader.job import Job, run_job
from downloader.model import Committed, Line
from downloader.policy.guard import Guard
from downloader.policy.heads import Head
from tests.contract.conftest import QUICK, by_url
from tests.support.hostile import JPEG
from tests.support.images import jpeg

Address = namedtuple("Address", "family socktype protocol addr")


@pytest.fixture
def get(tmp_path: Path) -> Any:
    """Give a function that fetches URLs with the curl engine and returns their outcomes by URL."""

    def get(*urls: str, **settings: Any) -> Any:
        return by_url(download(urls, tmp_path / "out", **QUICK | {"engine": "curl"} | settings))

    return get


# --- drivers


@pytest.mark.parametrize("most", [0, 1000], ids=["epoll", "select"])
def test_both_drivers_judge_alike(get, hostile, monkeypatch, most):
    """Redirects, refusals, cut and slow replies end the same whoever waits."""
    monkeypatch.setattr(multi, "MOST_SELECTED", most)
    cases = {
        "/good.jpg": None, "/chain/3": None, "/chunked.jpg": None, "/close-whole.jpg": None, "/429-once.jpg": None,
        "/404.jpg": "not-found", "/length-too-long.jpg": "truncated", "/length-too-short.jpg": "bad-reply",
        "/endless.jpg": "too-large", "/silence.jpg": "timed-out", "/redirect-endless-body": None,
    }  # fmt: skip
    cases |= dict.fromkeys((f"/images/{number}.jpg" for number in range(200)), None)
    found = get(*map(hostile.url, cases), read_timeout=1.0, retries=2, jobs=24)
    assert {url.removeprefix(hostile.origin): outcome.code for url, outcome in found.items()} == cases


def test_the_driver_fits_the_jobs():
    """select() for some, epoll for many."""
    kinds = {}
    for jobs in (multi.MOST_SELECTED, multi.MOST_SELECTED + 1):
        driver = multi.make_driver(jobs, 10)
        kinds[jobs] = type(driver)
        driver.close()
    assert list(kinds.values()) == [multi.Selecting, multi.Polling]


@pytest.mark.parametrize("kind", [multi.Selecting, multi.Polling])
def test_a_wait_can_be_ended(kind):
    """By another thread, before the wait or in it; once it is closed a late word does no harm."""
    driver = kind(4)
    start = time.monotonic()
    driver.wake()
    driver.turn(30.0)
    timer = threading.Timer(0.2, driver.wake)
    timer.start()
    driver.turn(30.0)
    timer.join()
    assert time.monotonic() - start < 15
    driver.close()
    driver.wake()


def test_hundreds_at_once(get, hostile, monkeypatch):
    """As many requests as permits are under way together, waited for by epoll, and each comes to its end."""
    monkeypatch.setattr(multi, "MOST_SELECTED", 100)
    jobs = 200
    urls = [hostile.url(f"/gated/{number}") for number in range(jobs)]

    def open_the_gate() -> None:
        hostile.wait_for(lambda: hostile.in_flight >= jobs, 30)
        hostile.gate.set()

    opener = threading.Thread(target=open_the_gate)
    opener.start()
    first = get(hostile.url("/good.jpg"), *urls, jobs=jobs)
    opener.join()
    assert all(isinstance(outcome, Saved) for outcome in first.values())
    assert hostile.most_in_flight >= jobs


# --- sockets and names


def test_a_socket_is_judged_once_more():
    """Whatever libcurl would connect to: an address that the guard closes gets no socket, and the reason is kept."""
    opener = Opener(Guard())
    opener.hop = Hop("h.example", 80, 0.0, Head({}))
    assert opener(0, Address(socket.AF_INET, socket.SOCK_STREAM, 6, ("10.0.0.1", 80))) == pycurl.SOCKET_BAD
    assert isinstance(opener.refusal, PrivateAddress)


def test_no_descriptor_left_is_no_fault_of_the_image(monkeypatch):
    """The task is put back, as in every engine."""

    def starve(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    opener = Opener(Guard(private=True))
    opener.hop = Hop("h.example", 80, 0.0, Head({}))
    monkeypatch.setattr(socket, "socket", starve)
    assert opener(0, Address(socket.AF_INET, socket.SOCK_STREAM, 6, ("127.0.0.1", 80))) == pycurl.SOCKET_BAD
    assert isinstance(opener.refusal, Starved)


def test_the_next_address_is_tried(engine, hostile, tmp_path):
    """Where the first of a name's addresses refuses, the second serves, in every engine."""
    addresses = ["127.0.0.9", "127.0.0.1"]

    def lookup(*_: object, **__: object) -> Any:
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    found: list[Any] = []

    def observe(event: object) -> None:
        if isinstance(event, Committed):
            found.extend(event.outcomes)

    url = hostile.url("/good.jpg").replace("127.0.0.1", "many.example")
    settings = Settings.of(
        **QUICK | {"engine": engine, "output": str(tmp_path / "out"), "allow_host": ["many.example"]}
    )
    run_job(Job([Line(url)], settings, lookup=lookup), None, [observe])
    assert [outcome.detail for outcome in found] == [None]
    assert hostile.requests[0].headers["host"] == f"many.example:{hostile.port}"


def test_the_environment_has_no_say(get, hostile, monkeypatch, tmp_path):
    """Neither proxies, nor authorities, nor a .netrc or .curlrc at home: what the door read holds."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("default login me password c4nary\n")
    (tmp_path / ".curlrc").write_text('header = "X-Canary: c4nary"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    [outcome] = get(hostile.url("/good.jpg"), proxy="none", netrc="none").values()
    assert isinstance(outcome, Saved)
    assert b"c4nary" not in hostile.requests[0].head


@pytest.mark.parametrize("most", [0, 1000], ids=["epoll", "select"])
def test_a_server_that_hangs_up_unsaid_sends_no_surplus(get, hostile, monkeypatch, most):
    """Its connections are found dead when others look for one to use; its images are whole all the same."""
    monkeypatch.setattr(multi, "MOST_SELECTED", most)
    found = get(*(hostile.url(f"/closes-silently/{number}") for number in range(400)), jobs=24, retries=3)
    assert [outcome.detail for outcome in found.values() if not isinstance(outcome, Saved)] == []


def test_a_surplus_over_tls(get, hostile_over_tls, tls):
    """Where a connection is closed politely, which takes a while, too."""
    server = hostile_over_tls()
    [outcome] = get(server.url("/length-too-short.jpg"), ca_file=tls.ca_file).values()
    assert outcome.code == "bad-reply"


def test_a_large_body_is_paced(get, hostile):
    """--limit-rate rests one transfer without holding up the thread, in the middle of a body too."""
    start = time.monotonic()
    found = get(hostile.url("/bytes/300000"), hostile.url("/bytes/200000"), limit_rate="200k", min_speed="0")
    assert all(isinstance(outcome, Saved) for outcome in found.values())
    assert time.monotonic() - start >= 500_000 / (200 << 10) - 0.3


# --- HTTP/2

_NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

_CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
    log_format told "$connection $server_protocol $uri";
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/cert.pem;
        root {folder}/root;
        location = /go {{ return 302 /0.jpg; }}
    }}
}}
"""


@pytest.fixture
def speaks_http2(tmp_path: Path, tls: Any) -> Iterator[tuple[str, Path]]:
    """Give the origin of an nginx that speaks HTTP/2 over TLS, and the log of what it was asked."""
    folder = tmp_path / "nginx"
    (folder / "root").mkdir(parents=True)
    for number in range(20):
        (folder / "root" / f"{number}.jpg").write_bytes(jpeg(5000, seed=number))
    tls.good_pem.write_to_path(folder / "cert.pem")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(_CONFIGURATION.format(folder=folder, port=port))
    with subprocess.Popen([_NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]) as process:
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            with socket.socket() as knock:
                if not knock.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        yield f"https://127.0.0.1:{port}", folder / "access.log"
        process.terminate()


@pytest.mark.skipif(_NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("wanted", [True, False])
def test_http2_where_it_is_asked_for(get, speaks_http2, tls, wanted):
    """All images come over one connection, redirects and refusals too; without --http2 it is HTTP/1.1."""
    origin, log = speaks_http2
    urls = [f"{origin}/{number}.jpg" for number in range(20)]
    found = get(*urls, f"{origin}/go", f"{origin}/none.jpg", ca_file=tls.ca_file, http2=wanted, jobs=8)
    assert [found[url].code for url in (*urls, f"{origin}/go", f"{origin}/none.jpg")] == [None] * 21 + ["not-found"]
    asked = [line.split() for line in log.read_text().splitlines()]
    assert {protocol for _, protocol, _ in asked} == {"HTTP/2.0" if wanted else "HTTP/1.1"}
    assert len({connection for connection, _, _ in asked}) == 1 or not wanted
    assert len(asked) == 23


def test_the_others_say_that_they_cannot(ask, hostile, engine):
    """Only where --http2 was asked for, and only they."""
    _, notices = ask(hostile.url("/good.jpg"), http2=True)
    assert any("HTTP/1.1 alone" in notice for notice in notices) == (engine != "curl")
    assert not any("HTTP/1.1" in notice for notice in ask(hostile.url("/good.jpg?2"))[1])


def test_http2_is_no_matter_in_the_clear(get, hostile):
    """It is spoken over TLS alone: nothing in a plain request asks for it."""
    [outcome] = get(hostile.url("/good.jpg"), http2=True).values()
    assert isinstance(outcome, Saved)
    assert outcome.image.size == len(JPEG)
    assert b"pgrade" not in hostile.requests[0].head
