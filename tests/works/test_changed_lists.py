"""A list that was changed between two runs: only what is new is asked, and every line keeps its index."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.doors.running import Ran, rows, run
from tests.works.folder import Folder

A, B, C, D, E = (f"/images/{name}.jpg" for name in "abcde")


class Listed:
    """Lists beside an output folder, run through the command line."""

    def __init__(self, folder: Folder, home: Path) -> None:
        self.folder = folder
        self._home = home

    def get(self, name: str, paths: Sequence[str], *flags: object) -> Ran:
        """Write a list in the format of its name, and run it."""
        urls = [self.folder.server.url(path) for path in paths]
        text = {
            "txt": "".join(f"{url}\n" for url in urls),
            "csv": "".join(["label,url\n", *(f"{n},{url}\n" for n, url in enumerate(urls))]),
            "tsv": "".join(["url\tlabel\n", *(f"{url}\t{n}\n" for n, url in enumerate(urls))]),
            "json": json.dumps(urls),
            "jsonl": "".join(json.dumps({"url": url}) + "\n" for url in urls),
        }[name.rpartition(".")[2]]
        (self._home / name).write_text(text)
        return run("get", "-i", self._home / name, "-o", self.folder.path, "--allow-private", *flags)

    @property
    def indexes(self) -> dict[str, int]:
        """Give the index of each path that was saved."""
        origin = self.folder.server.origin
        return {row["url"].removeprefix(origin): row["index"] for row in rows(self.folder.path) if row["path"]}


@pytest.fixture
def listed(folder: Folder, tmp_path: Path) -> Listed:
    """Give an empty folder, and lists beside it."""
    return Listed(folder, tmp_path)


@pytest.mark.parametrize(
    ("name", "paths", "asked"),
    [
        ("urls.txt", (A, B, C, D), {D}),
        ("urls.txt", (D, A, B, E, C), {D, E}),
        ("urls.txt", (A, C), set()),
        ("urls.txt", (C, A, B), set()),
        ("urls.txt", (D, C), {D}),
        ("urls.csv", (A, B, C), set()),
        ("urls.tsv", (C, D, A), {D}),
        ("urls.json", (B, D), {D}),
        ("urls.jsonl", (E, A), {E}),
    ],
    ids=["added", "added between", "removed", "reordered", "all at once", "as csv", "as tsv", "as json", "as jsonl"],
)
def test_only_what_is_new_is_asked(listed: Listed, name: str, paths: Sequence[str], asked: set[str]) -> None:
    """Whatever was done to the list, and in whatever format it comes; the server has counted."""
    assert listed.get("urls.txt", (A, B, C)).status == 0
    before, hits = listed.indexes, listed.folder.server.hits.copy()
    ran = listed.get(name, paths)
    assert ran.status == 0, ran.err
    assert set(listed.folder.server.hits - hits) == asked
    assert before.items() <= listed.indexes.items()
    assert set(listed.folder.server.hits.values()) == {1}


def test_a_part_now_and_the_rest_later(listed: Listed) -> None:
    """With --limit and --skip the indexes go on in the order of first sight, and the whole list asks only the rest."""
    listed.get("urls.csv", (A, B, C, D, E), "--limit", 2)
    assert listed.indexes == {A: 0, B: 1}
    listed.get("urls.csv", (A, B, C, D, E), "--skip", 3)
    assert listed.indexes == {A: 0, B: 1, D: 2, E: 3}
    listed.get("urls.csv", (A, B, C, D, E))
    assert listed.indexes == {A: 0, B: 1, D: 2, E: 3, C: 4}
    assert set(listed.folder.server.hits.values()) == {1}


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "made anew"])
def test_twins_keep_what_their_own_lines_say(listed: Listed, lost: bool) -> None:
    """A URL that stands in two rows has one image and two rows in the manifest, each with its place and columns."""
    listed.get("urls.csv", ("/500-once.jpg", A, "/500-once.jpg"), "--retries", 0)
    if lost:
        listed.folder.lose_seen()
    for _ in range(2):
        twin = rows(listed.folder.path)[2]
        assert (twin["place"], json.loads(twin["columns"])) == ("urls.csv:4", {"label": "2"})
        listed.get("again.txt", ("/500-once.jpg",))
    assert [row["status"] for row in rows(listed.folder.path)] == ["saved", "saved", "skipped"]
