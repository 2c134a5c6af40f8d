"""The eight URLs that downloaders get wrong, through the command line, with every engine."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.hostile import HostileServer, answer, first, raw, sized
from tests.support.images import jpeg

FINE, OTHER = jpeg(20_000, seed=1), jpeg(15_000, seed=2)

SCRIPTS = {
    "/a.jpg": answer(FINE),
    "/b.jpg": answer(OTHER),
    "/404.jpg": answer(b"<html>no</html>", status="404 Not Found", content_type="text/html"),
    "/500.jpg": answer(b"broken", status="500 Internal Server Error", content_type="text/plain"),
    "/429.jpg": first(
        1, answer(b"wait", "Retry-After: 1", status="429 Too Many Requests"), answer(jpeg(9_000, seed=3))
    ),
    "/page.jpg": answer(b"<!doctype html><title>Log in</title>", content_type="text/html"),
    "/short.jpg": raw(sized(FINE)[:-500]),
    "/odd.png": answer(jpeg(8_000, seed=4), content_type="image/webp"),
}

EXPECTED = {
    "/a.jpg": ("saved", None, "000000.jpg"),
    "/b.jpg": ("saved", None, "000001.jpg"),
    "/404.jpg": ("failed", "not-found", None),
    "/500.jpg": ("failed", "server-error", None),
    "/429.jpg": ("saved", None, "000004.jpg"),
    "/page.jpg": ("failed", "not-an-image", None),
    "/short.jpg": ("failed", "truncated", None),
    "/odd.png": ("saved", None, "000007.jpg"),
}


def test_eight_hostile_urls(engine: str, tmp_path: Path) -> None:
    """Each gets what it deserves: exit status 4, at most 12 requests, nothing false on the disk."""
    with HostileServer(SCRIPTS) as server:
        flags = ["--engine", engine, "--retries", "1", "--backoff", "0.01:0.05", "--allow-host", "127.0.0.1", "--json"]
        urls = [server.url(path) for path in SCRIPTS]
        command = [sys.executable, "-m", "downloader", "get", *urls, "-o", str(tmp_path / "out"), *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
        *outcomes, summary = map(json.loads, done.stdout.splitlines())
        found = {o["url"].removeprefix(server.origin): (o["status"], o["code"], o["path"]) for o in outcomes}
        asked, again = server.times["/429.jpg"]
    assert (done.returncode, found) == (4, EXPECTED)
    failed = dict.fromkeys(("not-found", "server-error", "not-an-image", "truncated"), 1)
    assert (summary["saved"], summary["failed"], summary["exit_status"]) == (4, failed, 4)
    assert server.hits.total() <= 12
    assert again - asked >= 1.0
    stored = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("0*") if path.is_file()}
    assert stored == {
        "000000.jpg": FINE,
        "000001.jpg": OTHER,
        "000004.jpg": jpeg(9_000, seed=3),
        "000007.jpg": jpeg(8_000, seed=4),
    }
