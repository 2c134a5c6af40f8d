"""What is given out: one test for each point of the table in docs/service.md, which tries to break it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.service.serving import Served, image_urls, images
from tests.service.strangers import JOBS, raw, status


def test_every_answer_carries_the_policy(service: Served) -> None:
    """Strict CSP without inline script, nosniff and no frames: on pages, API, errors and streams alike."""
    for path in ("/", JOBS, "/nope", "/openapi.json", "/healthz", "/metrics"):
        headers = service.ask("GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "Server" not in headers
    with service.events("/api/v1/events") as events:
        next(events)


@pytest.fixture(scope="module")
def hostile_job(service: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """Give a job whose images were replaced, on the disk, by what a hostile server could send."""
    with images() as server:
        job = service.submit(image_urls(server, 4))
        service.ended(job)
    folder = service.data / "jobs" / job / "images"
    (folder / "000000.jpg").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    (folder / "000001.jpg").write_bytes(bomb.getvalue())
    (folder / "000002.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 5000)
    (folder / "000003.jpg").unlink()
    (folder / "000003.jpg").symlink_to("/etc/passwd")
    return service, f"{JOBS}/{job}/items"


def test_svg_is_never_inline(hostile_job: tuple[Served, str]) -> None:
    """No thumbnail of it; its original is an attachment in a sandbox."""
    service, items = hostile_job
    assert service.ask("GET", f"{items}/0/thumbnail").status_code == 415
    reply = service.ask("GET", f"{items}/0/original")
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_bombs_and_ruins_have_no_thumbnail(hostile_job: tuple[Served, str]) -> None:
    """400 million pixels, and what only begins like an image: told so, and the worker lives on."""
    service, items = hostile_job
    for index in (1, 2):
        assert service.ask("GET", f"{items}/{index}/thumbnail").status_code == 415
    assert service.ask("GET", "/healthz").status_code == 200


def test_links_in_a_folder_lead_nowhere(hostile_job: tuple[Served, str]) -> None:
    """A link in the place of an image is not followed, by no way out."""
    service, items = hostile_job
    for path in (f"{items}/3/original", f"{items}/3/thumbnail"):
        assert service.ask("GET", path).status_code == 404
    assert b"root:" not in service.ask("GET", f"{items.removesuffix('/items')}/images.tar").content


def test_logins_are_neither_kept_nor_shown(data: Path) -> None:
    """A proxy's password is in no file of the service, in no answer, and in no process's command line."""
    with Served(data, "--proxy", "http://user:hunter2-of-mine@127.0.0.1:9", "--allow-host", "127.0.0.1") as service:
        job = service.submit(["http://127.0.0.1:9/a.jpg"], retries=0)
        service.ended(job)
        told = service.ask("GET", f"{JOBS}/{job}").text + service.ask("GET", "/api/v1/options").text
        told += service.ask("GET", f"{JOBS}/{job}/manifest.jsonl").text
    assert "hunter2-of-mine" not in told
    for path in data.rglob("*"):
        assert not path.is_file() or b"hunter2-of-mine" not in path.read_bytes(), path


GARBAGE = {
    "no version": b"GET / HTTP/9\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "long head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "both lengths": b"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "expectation": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: <b>\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("request_", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_request_is_told_so(service: Served, request_: bytes) -> None:
    """As a problem like every other, under the same policy, and without a word on what the service is made of."""
    head, _, body = raw(service, request_).partition(b"\r\n\r\n")
    assert 400 <= status(head) < 500
    assert b"application/problem+json" in head
    assert b"Content-Security-Policy: default-src 'none'" in head
    assert b"nosniff" in head
    assert b"aiohttp" not in head + body
    assert json.loads(body)["status"] == status(head)
