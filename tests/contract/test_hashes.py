"""The digest that a list names for a body, held to alike by every engine."""

import hashlib
import json
from pathlib import Path

from downloader import Outcome
from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line
from downloader.settings import Settings
from tests.contract.conftest import QUICK
from tests.doors.running import rows, run
from tests.support.hostile import JPEG, HostileServer

SHA256 = hashlib.sha256(JPEG).hexdigest()
MD5 = hashlib.md5(JPEG, usedforsecurity=False).hexdigest()
WRONG = "0" * 64

CASES = {  # path, what the list says, code, attempts
    "sha256": ("/good.jpg?1", SHA256.upper(), None, 1),
    "md5": ("/good.jpg?2", f"md5:{MD5}", None, 1),
    "nothing": ("/good.jpg?3", " ", None, 1),
    "wrong sha256": ("/good.jpg?4", WRONG, "hash-mismatch", 1),
    "wrong md5": ("/good.jpg?5", MD5[::-1], "hash-mismatch", 1),
    "gzip on the way": ("/gzip.jpg", SHA256, None, 1),
    "in chunks": ("/chunked.jpg", MD5, None, 1),
    "behind a redirect": ("/chain/3", SHA256, None, 1),
    "cut once": ("/cut-once.jpg", SHA256, None, 2),
    "a page": ("/page.jpg", SHA256, "not-an-image", 1),
    "no digest": ("/good.jpg?6", "abc", "hash-mismatch", 1),
}


def test_bodies_are_held_to_their_digests(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """Judged over the body without its Content-Encoding; what is none is not asked for, and names its line."""
    lines = [
        Line(hostile.url(path), f"t.csv:{n}", {"sum": sum_}) for n, (path, sum_, _, _) in enumerate(CASES.values())
    ]
    outcomes: list[Outcome] = []

    def collect(event: Event) -> None:
        if isinstance(event, Committed):
            outcomes.extend(event.outcomes)

    changes = QUICK | {"engine": engine, "output": str(tmp_path), "hash_col": "sum"}
    run_job(Job(lines, Settings.of(**changes)), None, [collect])
    outcomes.sort(key=lambda outcome: outcome.task.index)
    assert [(o.code, o.effort.attempts) for o in outcomes] == [case[2:] for case in CASES.values()]
    details = {name: outcome.detail or "" for name, outcome in zip(CASES, outcomes, strict=True)}
    assert f"is {SHA256[:12]}…, the list says {WRONG[:12]}…" in details["wrong sha256"]
    assert details["no digest"].endswith("(t.csv:10)")
    assert hostile.hits["/good.jpg"] == 5


def test_a_digest_holds_in_later_runs(hostile: HostileServer, tmp_path: Path) -> None:
    """A resume does not ask again, a retry judges by what the manifest kept, and --hash-col '' takes the bytes."""
    table, out = tmp_path / "t.csv", tmp_path / "out"
    table.write_text(f"url,sum\n{hostile.url('/good.jpg')},{WRONG}\n{hostile.url('/500-once.jpg')},{WRONG}\n")
    get = ("get", "-i", table, "-o", out, "--allow-private", "--retries", 0)
    assert run(*get, "--hash-col", "sum").status == 4
    assert run(*get, "--hash-col", "sum").status == 3
    assert hostile.hits == {"/good.jpg": 1, "/500-once.jpg": 2}
    assert {row["code"] for row in rows(out)} == {"hash-mismatch"}
    assert run("retry", out).status == 3
    assert run("retry", out, "--hash-col", "").status == 0
    assert [(row["status"], json.loads(row["columns"])) for row in rows(out)] == [("saved", {"sum": WRONG})] * 2
