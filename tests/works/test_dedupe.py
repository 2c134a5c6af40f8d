"""One of images that are alike is kept, the lowest index, whatever order they come in and however often it stops."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downloader.manifest import views
from tests.doors.running import files, get, rows, run, write_list
from tests.support import hostile
from tests.support.hostile import Connection, HostileServer, image_at
from tests.works.dedupe import Picture, Way, judged
from tests.works.folder import Folder, committed, wait_until

DHASHES = (0, 1, 3, 7, 15, 31, 1 << 63, 1 << 63 | 1, 0xFFFF << 16, 0xFFFE << 16)
HOWS = ("sha256", "dhash", "dhash:1", "dhash:2", "dhash:4")


@st.composite
def lists(draw: Any) -> list[Picture]:
    """Draw up to nine pictures, some alike, perhaps with thumbnails, and perhaps a URL again."""
    pictures: list[Picture] = []
    thumbnails = draw(st.booleans())
    for number in range(draw(st.integers(2, 8))):
        dhash = draw(st.sampled_from(DHASHES))
        body = b"%d" % dhash if draw(st.booleans()) else b"%d of %d in a part of its own" % (dhash, number)
        suffix = draw(st.sampled_from(("jpg", "png")))
        pictures.append(Picture(f"http://h.example/{number}/x.{suffix}", dhash, body, thumbnails))
    if draw(st.booleans()):
        pictures.insert(draw(st.integers(1, len(pictures))), pictures[0])
    return pictures


@st.composite
def courses(draw: Any) -> tuple[list[Picture], list[int], list[tuple[str, dict[str, int]]]]:
    """Draw pictures, the order they come in, and runs that stop or are killed."""
    pictures = draw(lists())
    order = draw(st.permutations(range(len(pictures))))
    stops = st.tuples(st.just("run"), st.fixed_dictionaries({"stop": st.integers(0, 6), "read": st.integers(1, 9)}))
    kills = st.tuples(st.just("killed"), st.fixed_dictionaries({"stop": st.integers(0, 6)}))
    return pictures, order, draw(st.lists(stops | kills, max_size=3))


@settings(max_examples=60)
@given(courses(), st.sampled_from(HOWS))
def test_any_order_and_any_stops_end_alike(course: Any, how: str):
    """The ledger says what comparing each with each says, and it and the files are those of a run in order."""
    pictures, order, stops = course
    with tempfile.TemporaryDirectory() as home:
        way, straight = Way(Path(home, "any"), how), Way(Path(home, "straight"), how)
        for kind, limits in stops:
            getattr(way, kind)(pictures, order, **limits)
        way.run(pictures, order, read=1 + len(order) // 2)
        straight.run(pictures, range(len(pictures)))
        found = [(row["status"], row["detail"], row["path"]) for row in rows(way.path)]
        assert found == judged(pictures, how)
        assert way.ledger() == straight.ledger()
        assert way.files() == straight.files()
        way.check()


@settings(max_examples=40)
@given(courses(), st.sampled_from(HOWS), st.sampled_from(["{stem}", "{sha256}"]))
def test_shared_names_lose_no_file(course: Any, how: str, name: str):
    """Where names meet, files may be shared; what is taken back is never another's."""
    pictures, order, stops = course
    with tempfile.TemporaryDirectory() as home:
        way = Way(Path(home, "images"), how, name=name)
        for kind, limits in stops:
            if kind == "run":
                way.run(pictures, order, **limits)
                way.check()
        way.run(pictures, order)
        way.check()
        statuses = [row["status"] for row in rows(way.path)]
        assert statuses == [status for status, _, _ in judged(pictures, how)]


def test_a_chain_of_likenesses(tmp_path: Path):
    """B is like A and C like B: both are duplicates, and C has no file to name, for B has none."""
    pictures = [Picture(f"http://h.example/{bits}.jpg", bits, b"%d" % bits) for bits in (0b0, 0b1, 0b11)]
    way = Way(tmp_path, "dhash:1")
    way.run(pictures, [2, 0, 1])
    assert [(row["status"], row["detail"], row["path"]) for row in rows(tmp_path)] == [
        ("saved", None, "000000.jpg"), ("skipped", "like index 0", "000000.jpg"), ("skipped", "like index 1", None)
    ]  # fmt: skip


def test_those_that_name_one_that_gives_way(tmp_path: Path):
    """C names B while B is kept; A comes, which only B is like: C names B still, and its file no more."""
    pictures = [Picture(f"http://h.example/{bits}.jpg", bits, b"%d" % bits) for bits in (0b0, 0b1, 0b11)]
    way = Way(tmp_path, "dhash:1")
    way.run(pictures, [1, 2, 0], stop=2)
    assert [row["path"] for row in rows(tmp_path)] == ["000001.jpg"] * 2
    way.run(pictures, [1, 2, 0])
    assert [row["path"] for row in rows(tmp_path)] == ["000000.jpg", "000000.jpg", None]


def test_one_that_gives_way_keeps_all_that_is_known_of_it(tmp_path: Path):
    """Its row is complete, and other than one that was never stored in nothing but the run."""
    pictures = [Picture(f"http://h.example/{number}.jpg", 0, b"same", thumbnail=True) for number in range(2)]
    late, straight = Way(tmp_path / "late", "sha256"), Way(tmp_path / "straight", "sha256")
    late.run(pictures, [1, 0], stop=1)
    assert late.files() == {"000001.jpg": b"same", "000001.thumb.webp": b"small sa"}
    late.run(pictures, [1, 0])
    straight.run(pictures, [0, 1])
    assert late.ledger() == straight.ledger()
    [_, row] = late.ledger()
    assert (row["place"], row["columns"], row["attempts"]) == ("item 1", '{"label": "1"}', 2)
    assert late.files() == {"000000.jpg": b"same", "000000.thumb.webp": b"small sa"}


def test_a_file_that_was_changed_is_not_removed(tmp_path: Path):
    """What the user made of an image is the user's, even where the image gives way."""
    pictures = [Picture(f"http://h.example/{number}.jpg", 0, b"same") for number in range(2)]
    way = Way(tmp_path, "sha256")
    way.run(pictures, [1, 0], stop=1)
    (tmp_path / "000001.jpg").write_bytes(b"painted over")
    way.run(pictures, [1, 0])
    assert [row["status"] for row in rows(tmp_path)] == ["saved", "skipped"]
    assert way.files() == {"000000.jpg": b"same", "000001.jpg": b"painted over"}


def test_rows_of_runs_without_it_stay(tmp_path: Path):
    """What was saved twice stays saved twice, a new image names the first, and a lower one outdoes both."""
    pictures = [Picture(f"http://h.example/{number}.jpg", 0, b"same") for number in range(4)]
    Way(tmp_path, "").run(pictures, [1, 2, 0, 3], stop=2)
    way = Way(tmp_path, "sha256")
    way.run(pictures, [3, 0, 1, 2], stop=1)
    assert [(row["status"], row["detail"]) for row in rows(tmp_path)] == [
        ("saved", None), ("saved", None), ("skipped", "like index 1")
    ]  # fmt: skip
    way.run(pictures, range(4))
    assert [row["status"] for row in rows(tmp_path)] == ["saved", "skipped", "skipped", "skipped"]
    assert set(way.files()) == {"000000.jpg"}


def test_more_copies_than_are_told_of_at_once(tmp_path: Path):
    """The first of thousands comes last, and all of them name it."""
    pictures = [Picture(f"http://h.example/{number}.jpg", 0, b"same") for number in range(2500)]
    way = Way(tmp_path, "dhash:2")
    way.run(pictures, [*range(1, 2500), 0], stop=2499)
    way.run(pictures, range(2500))
    assert {row["detail"] for row in rows(tmp_path)[1:]} == {"like index 0"}
    assert {row["path"] for row in rows(tmp_path)} == {"000000.jpg"}
    assert set(way.files()) == {"000000.jpg"}


# --- whole jobs

SAME = "/good.jpg"


@pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
def test_the_same_bytes_behind_other_urls(folder: Folder, engine: str):
    """One is kept, without any pool; the report, the outcomes and the manifest agree, and a second run asks nothing."""
    lines = [f"{SAME}?{number}" for number in range(20)] + ["/images/other.jpg", f"{SAME}?3"]
    report = folder.get(*lines, engine=engine, dedupe="sha256", jobs=8)
    assert (report.saved, report.skipped, report.total) == (2, 20, 22)
    outcomes = report.outcomes
    assert [outcome.task.index for outcome in outcomes] == list(range(22))
    assert [outcome.status for outcome in outcomes] == [row["status"] for row in rows(folder.path)]
    kept = [outcome.path for outcome in outcomes if outcome.status == "saved"]
    assert files(folder.path) == set(kept)
    hits = dict(folder.server.hits)
    again = folder.get(*lines, engine=engine, dedupe="sha256")
    assert (again.saved, again.skipped, again.known, again.outcomes) == (2, 20, 22, ())
    assert folder.server.hits == hits
    assert views_counts(folder.path) == {"saved": 2, "skipped": 20}
    assert run("audit", folder.path).status == 0


def views_counts(path: Path) -> dict[str, int]:
    """Give what ``status`` counts."""
    with views.reading(path) as database:
        return views.counts(database)


def test_looks_by_the_pool(folder: Folder):
    """Pictures that look alike in other bytes are found by the workers' fingerprint."""
    report = folder.get(*(f"/images/{name}.jpg" for name in "abc"), dedupe="dhash:2", workers=1)
    assert (report.saved, report.skipped) == (1, 2)
    assert len({image_at(f"/images/{name}.jpg") for name in "abc"}) == 3
    assert {row["path"] for row in rows(folder.path)} == {"000000.jpg"}
    assert files(folder.path) == {"000000.jpg"}


def test_a_retry_brings_the_first(folder: Folder):
    """What failed comes in a retry, with a lower index: the one that stood for it gives way, and the counts follow."""
    lines = ["/500-once.jpg", "/images/500-once.jpg", "/images/500-once.jpg"]
    folder.get(*lines, dedupe="dhash", workers=0)
    assert [status for _, status, _ in folder.table()] == ["failed", "saved", "skipped"]
    ran = run("retry", folder.path, "--json")
    assert ran.status == 0
    assert (ran.summary["saved"], ran.summary["skipped"], ran.summary["known"]) == (1, 2, 2)
    told = {line["index"]: line for line in ran.outcomes}
    assert (told[1]["status"], told[1]["instead"], told[1]["path"]) == ("skipped", "saved", "000000.jpg")
    assert {what for _, _, what in folder.table()} == {"000000.jpg"}
    assert run("audit", folder.path).status == 0


def test_lists_that_do_not_name_what_gives_way(folder: Folder, tmp_path: Path):
    """A row of a former list alone changes without being counted in this one's report."""
    folder.get("/500-once.jpg", f"{SAME}?1", f"{SAME}?1", dedupe="dhash", workers=0)
    ran = get(
        write_list(tmp_path / "one.txt", [folder.server.url("/500-once.jpg")]), folder.path,
        "--dedupe", "dhash", "--workers", 0,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert (ran.summary["saved"], ran.summary["skipped"], len(ran.outcomes)) == (1, 0, 1)
    assert [(status, what) for _, status, what in folder.table()] == [
        ("saved", "000000.jpg"), ("skipped", "000000.jpg"), ("skipped", "000000.jpg")
    ]  # fmt: skip


def test_a_first_that_was_lost(folder: Folder):
    """An audit finds it damaged; when it comes again under another name, those that name it name that file."""
    folder.get(f"{SAME}?0", f"{SAME}?1", dedupe="sha256", jobs=1)
    assert {row["path"] for row in rows(folder.path)} == {"000000.jpg"}
    (folder.path / "000000.jpg").write_bytes(b"something else")
    assert run("audit", folder.path, "--mark").status == 4
    (folder.path / "000000.jpg").write_bytes(b"a holiday of mine")
    ran = run("retry", folder.path)
    assert ran.status == 0, ran.err
    assert [row["status"] for row in rows(folder.path)] == ["saved", "skipped"]
    [path] = {row["path"] for row in rows(folder.path)}
    assert path.startswith("000000-")


def test_the_first_comes_after_a_commit(tmp_path: Path):
    """What was told is told again, twins too, and counted once; the outcomes of the run are the last ones."""

    def late(connection: Connection, _: int) -> bool:
        wait_until(lambda: len(committed(tmp_path)) == 2)
        connection.send(hostile.sized(hostile.JPEG))
        return True

    scripts = {"/late.jpg": late, "/soon.jpg": hostile.answer(hostile.JPEG), "/images/*": hostile.image}
    lines = ("/images/a.jpg", "/late.jpg", "/soon.jpg", "/soon.jpg")  # a host starts with one until it has answered
    with HostileServer(scripts) as server:
        report = Folder(server, tmp_path).get(*lines, dedupe="sha256")
    assert (report.saved, report.skipped, report.total) == (2, 2, 4)
    assert [(outcome.status, outcome.path, outcome.instead) for outcome in report.outcomes[1:]] == [
        ("saved", "000001.jpg", None), ("skipped", "000001.jpg", "saved"), ("skipped", "000001.jpg", "skipped")
    ]  # fmt: skip
    assert files(tmp_path) == {"000000.jpg", "000001.jpg"}
