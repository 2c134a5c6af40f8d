"""One test for each point of the table in docs/service.md: it tries to break it."""

import gzip
import hmac
import inspect
import io
import json
import socket
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from downloader.imageserver import ImageServer
from downloader.service import security
from downloader.service.api import OPERATIONS
from downloader.service.limits import CLIENT
from downloader.service.operations import Operation
from downloader.settings import each_field
from tests.doors.running import arguments, environment
from tests.service.serving import Served, image_urls, images

TOKEN = "a-token-that-nobody-guesses-0123456789"
JOBS = "/api/v1/jobs"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that asks for a token, with small bounds."""
    folder = tmp_path_factory.mktemp("closed") / "data"
    flags = ("--max-request", "200k", "--max-list", "300k", "--max-urls", 1000)
    with Served(folder, *flags, token=TOKEN) as running:
        yield running


def _raw(service: Served, request: bytes) -> bytes:
    """Send bytes as they are, and give the answer."""
    at = urlsplit(service.url)
    with socket.create_connection((at.hostname, at.port), timeout=20) as sock:
        sock.sendall(request)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
        return answer


def _status(answer: bytes) -> int:
    return int(answer.split()[1])


def _refused(*flags: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments("serve", "--port", 0, *flags),
        env=environment() | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_another_address_needs_a_token(tmp_path: Path) -> None:
    """0.0.0.0 without a token, and without saying --no-auth aloud, is refused with what to do."""
    ran = _refused("--host", "0.0.0.0", "--data", tmp_path / "data")
    assert ran.returncode == 2
    assert "DOWNLOADER_TOKEN" in ran.stderr
    assert "--no-auth" in ran.stderr


def test_a_weak_token_is_refused(tmp_path: Path) -> None:
    """What can be guessed is no token."""
    ran = _refused("--data", tmp_path / "data", DOWNLOADER_TOKEN="guessable")  # noqa: S106 - it is refused
    assert ran.returncode == 2
    assert "guessable" not in ran.stderr


def test_a_token_is_made_once(data: Path) -> None:
    """Named and not there, the file is made, for its owner alone; its address is printed once and not logged."""
    file = data.parent / "secrets" / "token"
    with Served(data, "--token-file", file) as service:
        token = file.read_text().strip()
        assert file.stat().st_mode & 0o777 == 0o600
        assert service.printed.strip().endswith(f"/#token={token}")
        assert service.ask("GET", JOBS).status_code == 401
        assert service.ask("GET", JOBS, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        service.terminate()
        service.restart()
        assert token not in service.printed
        assert token not in service.log


def test_every_path_is_closed_without_a_token(closed: Served) -> None:
    """All operations but those that say that they are open answer 401, whatever is wrong besides."""
    assert [each.path for each in OPERATIONS if each.open] == [
        "/api/v1/session", "/api/v1/session", "/api/v1/session", "/healthz", "/readyz", "/openapi.json",
    ]  # fmt: skip
    for operation in OPERATIONS:
        path = operation.path.replace("{id:[A-Za-z0-9_-]{22}}", "A" * 22).replace("{index:\\d{1,15}}", "0")
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Cookie": f"{security.COOKIE}=x"},
        ):
            reply = closed.ask(operation.method, path, headers=headers)
            assert (reply.status_code == 401) != operation.open, (operation, reply.text)


def test_tokens_are_compared_in_constant_time() -> None:
    """The one comparison of secrets is hmac.compare_digest, of digests of equal length."""
    source = inspect.getsource(security.Gate)
    assert source.count("hmac.compare_digest") == 2
    assert "==" not in inspect.getsource(security.Gate.knows)
    assert "_token ==" not in source
    seen: list[int] = []
    gate = security.Gate.__new__(security.Gate)
    gate._token = TOKEN.encode()  # type: ignore[misc]

    class Digests:
        def compare_digest(self, one: bytes, other: bytes) -> bool:
            seen.extend((len(one), len(other)))
            return hmac.compare_digest(one, other)

    known = security.hmac
    security.hmac = Digests()  # type: ignore[assignment]
    try:
        assert not gate.knows("x")
        assert gate.knows(TOKEN)
    finally:
        security.hmac = known
    assert set(seen) == {32}


def test_a_session_is_a_cookie_no_script_reads(closed: Served) -> None:
    """The token is taken once; the cookie is HttpOnly and SameSite=Strict, and opens the API."""
    reply = closed.ask("POST", "/api/v1/session", json={"token": TOKEN})
    cookie = reply.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    closed.client.cookies.clear()
    value = cookie.partition(";")[0]
    assert closed.ask("GET", JOBS, headers={"Cookie": value}).status_code == 200
    assert closed.ask("POST", "/api/v1/session", json={"token": "wrong" * 8}).status_code == 403


def test_a_session_cannot_be_forged(closed: Served) -> None:
    """A longer life, another signature, none at all: refused."""
    cookie = closed.ask("POST", "/api/v1/session", json={"token": TOKEN}).cookies[security.COOKIE]
    closed.client.cookies.clear()
    until, salt, signature = cookie.split(".")
    forged = (
        f"{int(until) + 1}.{salt}.{signature}", f"{until}.{salt}.{'0' * 64}", f"{until}.{salt}.", f"{until}.{salt}",
        "..", "", f"{until}.{salt}.\u00e9", f"1.{salt}.{signature}",
    )  # fmt: skip
    for each in forged:
        reply = closed.ask("GET", JOBS, headers={"Cookie": f"{security.COOKIE}={each}".encode()})
        assert reply.status_code == 401, each


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", "127.1"]
)
def test_foreign_names_are_refused(service: Served, name: str) -> None:
    """DNS rebinding: a page whose name leads here asks by that name, and gets nothing."""
    answer = _raw(service, f"GET {JOBS} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    assert _status(answer) in (400, 421)
    assert b'"jobs"' not in answer


def test_the_page_is_behind_the_names_too(service: Served) -> None:
    """Not only the API."""
    assert _status(_raw(service, b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")) == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "http://[", ""]
)
def test_other_origins_cannot_post(service: Served, server: ImageServer, origin: str) -> None:
    """A form or a script of another page cannot submit, by whichever content type browsers send unasked."""
    for media, body in (("text/plain", server.url(0)), ("application/json", json.dumps({"urls": [server.url(0)]}))):
        reply = service.ask("POST", JOBS, data=body, headers={"Origin": origin, "Content-Type": media})
        assert reply.status_code == 403, reply.text
    reply = service.ask("POST", JOBS, files={"file": ("a.txt", server.url(0))}, headers={"Origin": origin})
    assert reply.status_code == 403


def test_its_own_page_can_post(service: Served, server: ImageServer) -> None:
    """The Origin of the page itself is no other."""
    reply = service.ask(
        "POST", JOBS, json={"urls": [server.url(0)]}, headers={"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
    )
    assert reply.status_code == 202


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_even_look(service: Served, site: str) -> None:
    """What a browser says is sent by another site's page is refused, pictures and scripts included."""
    for path in (JOBS, "/metrics", "/api/v1/events"):
        reply = service.ask("GET", path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"})
        assert reply.status_code == 403
    assert (
        service.ask("POST", JOBS, data="x", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "text/html", "application/octet-stream", ""]
)
def test_json_is_taken_as_json_alone(service: Served, server: ImageServer, media: str) -> None:
    """JSON under a type that browsers send without asking first is no job."""
    body = json.dumps({"urls": [server.url(0)]})
    reply = service.ask("POST", JOBS, data=body, headers={"Content-Type": media})
    assert reply.status_code == 415, reply.text


def test_options_are_a_list_of_names(service: Served, server: ImageServer) -> None:
    """Folders, names, addresses, proxies, logins, certificates and processes are the operator's alone."""
    others = {setting.name for _, setting in each_field()} - set(CLIENT)
    assert {"output", "name", "allow_host", "allow_private", "proxy", "netrc", "ca_file", "insecure", "resolve",
            "workers", "worker_memory", "fsync", "no_proxy"} <= others  # fmt: skip
    for name in {*others, "-o", "__class__", "data", "host"}:
        for spelt in {name, name.replace("_", "-")}:
            reply = service.ask("POST", JOBS, json={"urls": [server.url(0)], "options": {spelt: "x"}})
            assert reply.status_code == 422, (spelt, reply.text)


@pytest.mark.parametrize(
    "options",
    [
        {"jobs": 17}, {"per-host": 0}, {"per-host": 9}, {"per-host": "auto"}, {"retries": 5}, {"timeout": 61},
        {"max-bytes": (64 << 20) + 1}, {"max-pixels": 0}, {"max-pixels": 50_000_001}, {"max-redirects": 11},
        {"engine": "os:system"}, {"process": ["convert=../../x"]}, {"process": ["resize=99999"]}, {"jobs": 1e999},
        {"jobs": True}, {"jobs": [1]}, {"formats": ["svg"]}, {"engine": {"$ref": "x"}},
    ],
    ids=str,
)  # fmt: skip
def test_options_have_a_most(service: Served, server: ImageServer, options: dict[str, Any]) -> None:
    """What the operator set is the most that a client may ask for."""
    body = json.dumps({"urls": [server.url(0)], "options": options})
    reply = service.ask("POST", JOBS, data=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 422), reply.text


def test_private_addresses_stay_closed(data: Path) -> None:
    """Without the operator's --allow-host nothing on this machine or its network is asked, by name or by number."""
    with images() as server, Served(data) as service:
        hosts = ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]")
        urls = [f"http://{host}:{server.port}/image-0.jpg" for host in hosts]
        job = service.submit([*urls, "file:///etc/passwd"], retries=0)
        service.ended(job)
        codes = {item["url"]: item["code"] for item in service.get(f"{JOBS}/{job}/items")["items"]}
        assert set(codes.values()) == {"private-address", "bad-url"}
        assert server.hits.total() == 0


@pytest.mark.parametrize(
    "path",
    ["../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "....//etc/passwd", "%2e%2e/%2e%2e/service.sqlite",
     "A" * 21 + "/", "A" * 22 + "/../..", "A" * 22 + "%00", "\\..\\..", "." * 22],
)  # fmt: skip
def test_ids_lead_out_of_nowhere(service: Served, path: str) -> None:
    """An id is 22 letters of ours; anything else is no path of the service, and no file of the machine."""
    for at in (f"{JOBS}/{path}", f"{JOBS}/{path}/images.tar", f"/page/{path}", f"/{path}"):
        answer = _raw(service, f"GET {at} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert _status(answer) in (400, 404), at
        assert b"root:" not in answer
        assert b"SQLite format" not in answer


def test_the_name_of_an_upload_names_no_file(service: Served, server: ImageServer) -> None:
    """Of a file's name only which of our suffixes it has is used."""
    for name in ("../../../evil.txt", "/root/evil.txt", "..\\evil.txt", "a\x00.txt"):
        reply = service.ask("POST", JOBS, files={"file": (name, server.url(0).encode())})
        assert reply.status_code in (202, 400), reply.text
        if reply.status_code == 202:
            job = service.ended(reply.json()["id"])["id"]
            folder = service.data / "jobs" / job
            assert {path.name for path in folder.iterdir()} == {"images", "list.txt", "log"}
    assert not list(service.data.parent.glob("**/evil*"))


def test_a_job_named_by_hostile_text_is_data(service: Served, server: ImageServer) -> None:
    """Names come back as they were, as JSON that no browser takes for a page."""
    name = "<script>alert(1)</script>\u202e\x00'\"; DROP TABLE jobs; --"
    reply = service.ask("POST", JOBS, json={"urls": [server.url(0)], "name": name})
    assert reply.json()["name"] == name
    assert service.job(reply.json()["id"])["name"] == name
    looked = service.ask("GET", f"{JOBS}/{reply.json()['id']}")
    assert looked.headers["Content-Type"].startswith("application/json")
    assert looked.headers["X-Content-Type-Options"] == "nosniff"
    half = service.ask(
        "POST",
        JOBS,
        data=b'{"urls":["http://\\ud800/"],"name":"\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert half.status_code == 202


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_large_requests_are_refused(closed: Served, chunked: bool) -> None:
    """Past the bound, whether the size is announced or not, by every way in; and nothing is left on the disk."""
    body = b"x" * 100 + b"\n" * 300_000
    for media in ("text/plain", "application/json"):
        data: Any = iter([body[:150_000], body[150_000:]]) if chunked else body
        reply = closed.ask("POST", JOBS, data=data, headers=BEARER | {"Content-Type": media})
        assert reply.status_code == 413
    assert closed.ask("POST", JOBS, files={"file": ("a.txt", body)}, headers=BEARER).status_code == 413
    assert list((closed.data / "jobs").iterdir()) == []


def test_too_many_urls_are_refused(closed: Served) -> None:
    """Counted at the way in, by every way."""
    urls = ["http://a.example/"] * 1001
    assert closed.ask("POST", JOBS, json={"urls": urls}, headers=BEARER).status_code == 422
    body = "\n".join(urls) + "\n"
    assert closed.ask("POST", JOBS, data=body, headers=BEARER | {"Content-Type": "text/plain"}).status_code == 413
    assert (
        closed.ask("POST", JOBS, files={"file": ("a.txt.gz", gzip.compress(body.encode()))}, headers=BEARER).status_code
        == 413
    )


def test_a_bomb_does_not_unfold(closed: Served) -> None:
    """A small gzip of a large list is unpacked in steps, and left at the bound; so is one that is cut or no gzip."""
    bomb = gzip.compress(b"a" * 50_000_000)
    assert len(bomb) < 200 << 10
    bodies = {
        "bomb": (bomb, 413),
        "cut": (gzip.compress(b"http://a.example/\n")[:-4], 400),
        "none": (b"GIF89a" * 9, 400),
    }
    for body, status in bodies.values():
        assert closed.ask("POST", JOBS, files={"file": ("a.txt.gz", body)}, headers=BEARER).status_code == status
    packed = zlib.compress(b"http://a.example/\n" * 100_000)
    how = BEARER | {"Content-Encoding": "deflate", "Content-Type": "text/plain"}
    assert closed.ask("POST", JOBS, data=packed, headers=how).status_code in (400, 413, 415)
    assert list((closed.data / "jobs").iterdir()) == []


def test_deep_json_is_an_error_and_no_crash(closed: Served) -> None:
    """Nested a hundred thousand times."""
    body = b'{"urls":' + b"[" * 90_000 + b"]" * 90_000 + b"}"
    reply = closed.ask("POST", JOBS, data=body, headers=BEARER | {"Content-Type": "application/json"})
    assert reply.status_code in (400, 422)


def test_headers_cannot_be_split(service: Served) -> None:
    """CR and LF in what comes back in headers, or goes into them, start no other header."""
    for path in (f"{JOBS}%0d%0aX-Evil:1", f"{JOBS}?cursor=1%0d%0aX-Evil:%201", f"/{'A' * 22}%0d%0aX-Evil:1"):
        answer = _raw(service, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert b"\r\nX-Evil" not in answer.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "query", ["cursor=5%0a", "limit=--5", "limit=1_0", "limit=%D9%A3", "status=done%0a", "limit=007"]
)
def test_parameters_are_what_they_are_described(service: Served, query: str) -> None:
    """What a lenient reader would take for a number or a word is refused."""
    assert service.ask("GET", f"{JOBS}?{query}").status_code == 400


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


def test_too_many_waiting_jobs_are_refused(data: Path) -> None:
    """A queue without end would fill the disk with lists."""
    with Served(data, "--max-waiting", 2) as service:
        with socket.create_server(("127.0.0.1", 0)):
            for _ in range(2):
                service.say(service.submit(["http://192.0.2.1/a.jpg"] * 2), "pause")
            replies = [service.ask("POST", JOBS, json={"urls": ["http://192.0.2.1/"]}) for _ in range(3)]
    assert {reply.status_code for reply in replies} <= {202, 429}


def test_operations_say_who_may_use_them() -> None:
    """A new operation is closed unless its author says otherwise."""
    assert Operation.__dataclass_fields__["open"].default is False
