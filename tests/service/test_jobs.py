"""Jobs through the API: every way in, and every word."""

import gzip
import json
from hashlib import sha256
from typing import Any

import pytest
import requests

from downloader.imageserver import ImageServer
from downloader.manifest.views import known_settings, reading
from downloader.service.limits import CLIENT
from tests.service.serving import LIMIT, Served, image_urls, in_parallel

JOBS = "/api/v1/jobs"


def _items(service: Served, job: str) -> list[dict[str, Any]]:
    return list(service.get(f"{JOBS}/{job}/items")["items"])


def test_a_list_of_urls_becomes_images(service: Served, server: ImageServer) -> None:
    """202 with Location; then each image stands in the job's folder, and the counts say so."""
    reply = service.ask("POST", JOBS, json={"urls": [*image_urls(server, 5), server.url(0) + ".gone"], "name": "five"})
    assert reply.status_code == 202
    assert reply.headers["Location"] == f"{JOBS}/{reply.json()['id']}"
    job = service.ended(reply.json()["id"])
    assert (job["status"], job["name"], job["lines"]) == ("done", "five", 6)
    assert job["counts"] == {"saved": 5, "skipped": 0, "failed": 1}
    assert job["codes"] == {"not-found": 1}
    assert len(list((service.data / "jobs" / job["id"] / "images").glob("*.jpg"))) == 5


def test_items_bring_columns(service: Served, server: ImageServer) -> None:
    """What stands beside a URL is kept with it."""
    items = [{"url": server.url(1), "label": "a cat", "width": 3}]
    job = service.ask("POST", JOBS, json={"items": items}).json()["id"]
    service.ended(job)
    assert _items(service, job)[0]["columns"] == {"label": "a cat", "width": "3"}


def test_plain_text_is_a_list(service: Served, server: ImageServer) -> None:
    """A URL a line, as in a file."""
    body = "\n".join(image_urls(server, 3))
    job = service.ask("POST", JOBS, data=body, headers={"Content-Type": "text/plain; charset=utf-8"}).json()["id"]
    assert service.ended(job)["counts"]["saved"] == 3


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_file_is_a_list(service: Served, server: ImageServer, packed: bool) -> None:
    """A form with a file, packed or not, and options beside it."""
    body = b"".join(json.dumps({"url": url, "n": n}).encode() + b"\n" for n, url in enumerate(image_urls(server, 4)))
    name = "mine.jsonl.gz" if packed else "mine.jsonl"
    files = {"file": (name, gzip.compress(body) if packed else body)}
    reply = service.ask("POST", JOBS, files=files, data={"options": '{"jobs": 2}', "name": "mine"})
    job = service.ended(reply.json()["id"])
    assert (job["counts"]["saved"], job["options"], job["name"]) == (4, {"jobs": 2}, "mine")


def test_a_url_with_line_breaks_stays_one_item(service: Served, server: ImageServer) -> None:
    """CR and LF in a URL start no other line, and no other header: it is one item, and a failed one."""
    urls = ["http://127.0.0.1:1/a\r\nX-Evil: 1\r\n\r\nGET /b", server.url(0)]
    job = service.submit(urls, retries=0)
    service.ended(job)
    items = _items(service, job)
    assert [item["status"] for item in items] == ["failed", "saved"]


def test_the_same_key_brings_the_same_job(service: Served, server: ImageServer) -> None:
    """An Idempotency-Key makes one job of many requests, and refuses another request under the same key."""
    how = {"json": {"urls": image_urls(server, 1)}, "headers": {"Idempotency-Key": "once"}}
    replies = in_parallel(8, lambda _: service.ask("POST", JOBS, **how))
    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert sum("Idempotent-Replayed" in reply.headers for reply in replies) == 7
    other = service.ask("POST", JOBS, json={"urls": image_urls(server, 2)}, headers={"Idempotency-Key": "once"})
    assert (other.status_code, other.headers["Content-Type"].split(";")[0]) == (422, "application/problem+json")


def test_the_list_of_jobs_is_paged(service: Served, server: ImageServer) -> None:
    """Pages follow each other by cursor, the latest first, without gap or repetition."""
    ids = [service.submit(image_urls(server, 1)) for _ in range(5)]
    found, cursor = [], None
    while True:
        page = service.get(JOBS, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        found += [job["id"] for job in page["jobs"]]
        cursor = page["next"]
        if not cursor:
            break
    assert found[:5] == ids[::-1]
    assert len(set(found)) == len(found)
    for job in ids:
        service.ended(job)
    done = service.get(JOBS, params={"status": "done", "limit": 200})["jobs"]
    assert set(ids) <= {job["id"] for job in done}
    assert service.get(JOBS, params={"status": "paused"})["jobs"] == []


def test_a_deleted_job_is_gone(service: Served, server: ImageServer) -> None:
    """With its folder and its images."""
    job = service.submit(image_urls(server, 2))
    service.ended(job)
    assert service.ask("DELETE", f"{JOBS}/{job}").status_code == 204
    assert service.ask("GET", f"{JOBS}/{job}").status_code == 404
    assert not (service.data / "jobs" / job).exists()


def test_words_that_do_not_fit_are_conflicts(service: Served, server: ImageServer) -> None:
    """What cannot be said to a job as it stands is a 409 that says why."""
    job = service.submit(image_urls(server, 1))
    service.ended(job)
    for word in ("pause", "resume", "cancel"):
        reply = service.say(job, word)
        assert reply.status_code == 409
        assert "it is done" in reply.json()["detail"]


def test_a_list_that_cannot_be_read_fails_its_job(service: Served) -> None:
    """The job says what is wrong with its list."""
    job = service.ask("POST", JOBS, data="\n\n  \n# nothing\n", headers={"Content-Type": "text/plain"}).json()["id"]
    assert service.ended(job)["status"] == "failed"
    assert "holds no URLs" in service.job(job)["reason"]


def test_retry_of_nothing_is_a_conflict(service: Served, server: ImageServer) -> None:
    """A job without such failures stays as it is: it says that there are none."""
    job = service.submit([server.url(0), server.url(0) + ".gone"])
    service.ended(job)
    reply = service.ask("POST", f"{JOBS}/{job}/retry?code=timed-out,dns")
    assert (reply.status_code, "nothing failed by timed-out, dns" in reply.json()["detail"]) == (409, True)
    whole = service.submit([server.url(0)])
    service.ended(whole)
    assert service.say(whole, "retry").status_code == 409
    assert [service.job(each)["status"] for each in (job, whole)] == ["done", "done"]


def test_every_option_reaches_the_job(service: Served, server: ImageServer) -> None:
    """Each that a client may give is what the job's own manifest says that it ran with."""
    given = {
        "url-col": "link", "hash-col": "sum", "engine": "thread", "jobs": 3, "per-host": 2, "limit-rate": 1000000,
        "rate": 90.5, "host-rate": 80, "retries": 1, "retry-max-time": 50, "retry-after-max": 9, "connect-timeout": 4,
        "read-timeout": 5, "timeout": 6, "max-bytes": 50000, "max-redirects": 2, "min-side": 1, "max-pixels": 90000,
        "max-aspect": 7, "formats": ["jpeg", "png"], "frames": "all", "process": ["orient"], "dedupe": "sha256",
        "max-duration": 70,
    }  # fmt: skip
    assert {name.replace("-", "_") for name in given} == set(CLIENT)
    body = requests.get(server.url(0), timeout=LIMIT).content
    rows = f"link,sum\n{server.url(0)},{sha256(body).hexdigest()}\n{server.url(1)},{'0' * 64}\n"
    form = {"files": {"file": ("mine.csv", rows)}, "data": {"options": json.dumps(given)}}
    job = service.ended(service.ask("POST", JOBS, **form).json()["id"])
    assert job["codes"] == {"hash-mismatch": 1}
    assert job["counts"] == {"saved": 1, "skipped": 0, "failed": 1}
    with reading(service.data / "jobs" / job["id"] / "images") as database:
        known = known_settings(database)
    assert {name: known[name.replace("-", "_")] for name in given} == given


def test_urls_are_urls_whatever_the_column(service: Served, server: ImageServer) -> None:
    """A list of URLs has no columns; one of items has, and the option says which is meant."""
    job = service.submit([server.url(0)], url_col="link")
    assert service.ended(job)["counts"]["saved"] == 1
    body = {"items": [{"url": "http://127.0.0.1:1/", "link": server.url(1)}], "options": {"url-col": "link"}}
    job = service.ask("POST", JOBS, json=body).json()["id"]
    assert service.ended(job)["counts"]["saved"] == 1


def test_retry_asks_failures_of_a_code_again(service: Served, server: ImageServer) -> None:
    """Only these; an unknown code is refused."""
    job = service.submit([server.url(0), server.url(0) + ".gone", "ftp://example.com/x.jpg"])
    service.ended(job)
    assert service.ask("POST", f"{JOBS}/{job}/retry?code=nonsense").status_code == 400
    before = {item["index"]: item for item in _items(service, job)}
    assert service.ask("POST", f"{JOBS}/{job}/retry?code=not-found").status_code == 202
    after = service.ended(job)
    assert (after["status"], after["retried"], after["lines"]) == ("done", ["not-found"], 3)
    assert after["counts"] == {"saved": 1, "skipped": 0, "failed": 2}
    assert before[2] == {item["index"]: item for item in _items(service, job)}[2]
