"""What a job brought: items, failures, thumbnails, originals, downloads."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator

import pytest
from PIL import Image

from downloader.imageserver import ImageServer, picture
from downloader.manifest.database import FOLDER
from tests.doors.running import rows
from tests.service.serving import Served, image_urls

COUNT = 250


@pytest.fixture(scope="module")
def job(service: Served, server: ImageServer) -> Iterator[str]:
    """Give a job that has ended: most saved, some failed, some twins."""
    urls = [*image_urls(server, COUNT), *(server.url(n) + ".gone" for n in range(10)), server.url(0), "gopher://x/"]
    job = service.submit(urls, retries=0)
    assert service.ended(job)["status"] == "done"
    return f"/api/v1/jobs/{job}"


def test_pages_of_items_make_up_the_manifest(service: Served, job: str) -> None:
    """Keyset pages follow each other without gap or repetition, and say what the manifest says."""
    found, after = [], -1
    while after is not None:
        page = service.get(f"{job}/items", params={"limit": 37, "after": after})
        found += page["items"]
        after = page["next"]
    kept = rows(service.data / "jobs" / job.rpartition("/")[2] / "images")
    assert [(item["index"], item["url"], item["status"]) for item in found] == [
        (row["index"], row["url"], row["status"]) for row in kept
    ]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "failed"}, 11),
        ({"status": "skipped"}, 1),
        ({"code": "not-found"}, 10),
        ({"code": "not-found,bad-url", "status": "failed"}, 11),
        ({"host": "example.com"}, 0),
    ],
)
def test_items_are_filtered(service: Served, job: str, query: dict[str, str], count: int) -> None:
    """By status, by codes, by host."""
    assert len(service.get(f"{job}/items", params=query | {"limit": "1000"})["items"]) == count


def test_a_host_is_found_by_its_name(service: Served, server: ImageServer, job: str) -> None:
    """With the port that its URLs have."""
    found = service.get(f"{job}/items", params={"host": f"127.0.0.1:{server.port}", "limit": 1000})["items"]
    assert len(found) == COUNT + 11


def test_items_come_as_json_lines_too(service: Served, job: str) -> None:
    """For clients that say so."""
    reply = service.ask("GET", f"{job}/items?limit=3", headers={"Accept": "application/x-ndjson"})
    assert reply.headers["Content-Type"].startswith("application/x-ndjson")
    assert [json.loads(line)["index"] for line in reply.text.splitlines()] == [0, 1, 2]


def test_failures_are_grouped_with_advice(service: Served, job: str) -> None:
    """By code, the most frequent first, with samples and hosts."""
    first, second = service.get(f"{job}/failures")["failures"]
    assert (first["code"], first["count"], second["code"]) == ("not-found", 10, "bad-url")
    assert first["advice"]
    assert len(first["samples"]) == 3
    assert list(first["hosts"].values()) == [10]


def test_the_tar_holds_every_image(service: Served, job: str) -> None:
    """Byte for byte, by the names of the manifest, in an archive that tar reads."""
    reply = service.ask("GET", f"{job}/images.tar")
    with tarfile.open(fileobj=io.BytesIO(reply.content)) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    assert len(members) == COUNT
    manifest = [json.loads(line) for line in service.ask("GET", f"{job}/manifest.jsonl").text.splitlines()]
    for row in manifest:
        if row["status"] == "saved":
            assert hashlib.sha256(members[row["path"]]).hexdigest() == row["sha256"]
    assert len(manifest) == COUNT + 12


def test_failed_jsonl_is_a_list_again(service: Served, job: str) -> None:
    """What failed can be submitted as it comes."""
    text = service.ask("GET", f"{job}/failed.jsonl").content
    assert len(text.splitlines()) == 11
    again = service.ask(
        "POST", "/api/v1/jobs", files={"file": ("failed.jsonl", text)}, data={"options": '{"retries":0}'}
    )
    assert service.ended(again.json()["id"])["counts"]["failed"] == 11


def test_a_thumbnail_is_a_picture_of_our_own(service: Served, job: str) -> None:
    """Small, WebP, none of the original's bytes, and the same from the cache."""
    replies = [service.ask("GET", f"{job}/items/3/thumbnail") for _ in range(2)]
    assert replies[0].headers["Content-Type"] == "image/webp"
    assert replies[0].content == replies[1].content
    with Image.open(io.BytesIO(replies[0].content)) as small:
        assert small.format == "WEBP"
        assert max(small.size) <= 256


def test_an_original_is_kept_not_shown(service: Served, server: ImageServer, job: str) -> None:
    """An attachment that no browser takes for a page, and the very bytes."""
    reply = service.ask("GET", f"{job}/items/3/original")
    assert reply.content == picture(3, server.plan.size, server.plan.seed)
    assert reply.headers["Content-Disposition"].startswith("attachment;")
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Security-Policy"].startswith("sandbox")


def test_what_brought_no_image_has_no_picture(service: Served, job: str) -> None:
    """404, for both kinds, and for an index that is none."""
    for path in (f"{COUNT}/thumbnail", f"{COUNT}/original", "999999/original", "999999"):
        assert service.ask("GET", f"{job}/items/{path}").status_code == 404


def test_a_manifest_just_made_holds_nothing(service: Served, server: ImageServer) -> None:
    """Before its tables are there, a job has no items and no failures; what is a ruin is told as one."""
    job = service.submit(image_urls(server, 1))
    service.ended(job)
    manifest = service.data / "jobs" / job / "images" / FOLDER / "manifest.sqlite"
    for beside in manifest.parent.glob("manifest.sqlite-*"):
        beside.unlink()
    for content, expected in ((b"", 200), (b"no database at all" * 100, 507)):
        manifest.write_bytes(content)
        assert service.ask("GET", f"/api/v1/jobs/{job}/items").status_code == expected
        assert service.ask("GET", f"/api/v1/jobs/{job}/failures").status_code == expected
    manifest.write_bytes(b"")
    assert service.ask("GET", f"/api/v1/jobs/{job}/manifest.jsonl").content == b""
