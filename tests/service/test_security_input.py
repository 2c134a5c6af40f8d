"""What is taken in: one test for each point of the table in docs/service.md, which tries to break it."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from downloader.imageserver import ImageServer
from downloader.service.limits import CLIENT
from downloader.settings import each_field
from tests.service.serving import Served, image_urls, images
from tests.service.strangers import BEARER, JOBS, raw, status


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


PRIVATE = (
    "127.0.0.1", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "2130706433",
    "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "0", "[::]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "127。0。0。1", "①②⑦.⓪.⓪.①", "%31%32%37.0.0.1", "user@127.0.0.1", "192.168.0.1", "100.64.0.1",
    "[fd00::1]", "[fe80::1]", "255.255.255.255",
)  # fmt: skip
"""This machine and its network, spelt in as many ways as come to mind."""


def test_private_addresses_stay_closed(data: Path) -> None:
    """Without the operator's --allow-host nothing on this machine or its network is asked, by name or by number."""
    with images() as server, Served(data) as service:
        urls = [f"http://{host}:{server.port}/image-0.jpg" for host in PRIVATE]
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
        answer = raw(service, f"GET {at} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert status(answer) in (400, 404), at
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
            assert {path.name for path in folder.iterdir()} == {"images", "list.txt", "log", "hosts.json"}
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
    for body, expected in bodies.values():
        assert closed.ask("POST", JOBS, files={"file": ("a.txt.gz", body)}, headers=BEARER).status_code == expected
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
        answer = raw(service, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert b"\r\nX-Evil" not in answer.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "query", ["cursor=5%0a", "limit=--5", "limit=1_0", "limit=%D9%A3", "status=done%0a", "limit=007"]
)
def test_parameters_are_what_they_are_described(service: Served, query: str) -> None:
    """What a lenient reader would take for a number or a word is refused."""
    assert service.ask("GET", f"{JOBS}?{query}").status_code == 400


def test_too_many_waiting_jobs_are_refused(data: Path) -> None:
    """A queue without end would fill the disk with lists."""
    with images(latency=30.0) as server, Served(data, "--max-waiting", 2, "--allow-host", "127.0.0.1") as service:
        first, _ = (service.submit(image_urls(server, 2)) for _ in range(2))
        assert service.ask("POST", JOBS, json={"urls": image_urls(server, 1)}).status_code == 429
        service.say(first, "cancel")
        service.ended(first)
        assert service.ask("POST", JOBS, json={"urls": image_urls(server, 1)}).status_code == 202


def test_columns_and_fields_are_bounded(service: Served, server: ImageServer) -> None:
    """More columns than described, a field twice, a name too long: refused, and told by its name."""
    item = {"url": server.url(0)} | {f"column-{number}": "x" for number in range(100)}
    reply = service.ask("POST", JOBS, json={"items": [item]})
    assert (reply.status_code, "100 names" in reply.json()["detail"]) == (422, True)
    form = [("name", (None, "a")), ("name", (None, "b")), ("file", ("a.txt", server.url(0)))]
    reply = service.ask("POST", JOBS, files=form)
    assert (reply.status_code, "'name' twice" in reply.json()["detail"]) == (422, True)
    reply = service.ask("POST", JOBS, files=[("name", (None, "n" * 201)), ("file", ("a.txt", server.url(0)))])
    assert (reply.status_code, "name must have 200 characters" in reply.json()["detail"]) == (422, True)


def test_a_crowd_of_nothings_takes_no_memory(data: Path) -> None:
    """A body of empty lists would unfold to twenty times its size: it is refused unread."""
    with Served(data) as service:
        for count in (5_000_000, 22_000_000):
            body = b'{"urls":[' + b"[]," * count + b"[]]}"
            assert service.ask("POST", JOBS, data=body, headers={"Content-Type": "application/json"}).status_code == 413
        peak = next(line for line in Path(f"/proc/{service.pid}/status").read_text().splitlines() if "VmHWM" in line)
    assert int(peak.split()[1]) < 250_000  # kB; it was 1,700,000


def test_a_suffix_is_a_part_of_the_request(service: Served, server: ImageServer) -> None:
    """Under one Idempotency-Key the same bytes as another kind of list are another request."""
    key = {"Idempotency-Key": "of-a-suffix"}
    statuses = [
        service.ask("POST", JOBS, files={"file": (f"a.{suffix}", server.url(0))}, headers=key).status_code
        for suffix in ("txt", "txt", "jsonl")
    ]
    assert statuses == [202, 202, 422]
