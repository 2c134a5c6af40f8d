"""Names of whole jobs: the same in every run, nobody's twice, and never over a file of the user's."""

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from downloader import download
from downloader.job import Job, run_job
from downloader.manifest.claims import Claims
from downloader.model import Committed, Event, Line
from downloader.policy.naming import around
from downloader.settings import Settings
from tests.doors.running import files, rows, run, saved
from tests.support.hostile import Connection, HostileServer, answer, image, image_at, sized
from tests.works.folder import Folder

CATS = ["/1/Cat.jpg", "/2/cat.jpg", "/3/CAT.jpg", "/4/gr%C3%BCn.jpg", "/5/gru%CC%88n.jpg", "/6/GR%C3%9CN.jpg"]
CATS += ["/7/dog.jpg"]
"""Stems that differ in case and normalisation alone, but for the last."""

A, B = "/images/a.jpg", "/images/b.jpg"
ENGINES = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])


def names_of(path: Path) -> dict[str, str]:
    """Give the file of each URL's path."""
    return {row["url"].split("/", 3)[3]: row["path"] for row in rows(path)}


def expected(server: HostileServer) -> dict[str, str]:
    """Give the files that CATS are to have: the first of each its own name, the others with the hash of their URLs."""
    stems = dict(zip(CATS, ["Cat", "cat", "CAT", "grün", "grün", "GRÜN", "dog"], strict=True))
    firsts = {CATS[0], CATS[3], CATS[6]}
    return {
        path[1:]: f"{stem if path in firsts else around(stem, server.url(path))}.jpg" for path, stem in stems.items()
    }


@ENGINES
def test_names_do_not_depend_on_who_is_fastest(hostile: HostileServer, tmp_path: Path, engine: str):
    """In two fresh folders, the answers in one order and the other: the same names, none like another."""

    def timed(first: float, then: float) -> Callable[[Connection, int], bool]:
        def script(connection: Connection, visit: int) -> bool:
            connection.sleep(first if visit == 1 else then)
            return image(connection, visit)

        return script

    for number, path in enumerate(CATS):
        hostile.scripts[path] = timed(number * 0.03, (len(CATS) - number) * 0.03)
    for name in ("one", "two"):
        report = download(map(hostile.url, CATS), tmp_path / name, engine=engine, name="{stem}", allow_private=True)
        assert report.saved == len(CATS)
        assert names_of(tmp_path / name) == expected(hostile)
        assert saved(tmp_path / name)


@pytest.fixture
def cats(folder: Folder) -> Folder:
    """Give a folder whose server has the cats."""
    folder.server.scripts |= dict.fromkeys(CATS, image)
    return folder


@pytest.mark.parametrize("lost", [False, True])
def test_a_resumed_list_keeps_its_names(cats: Folder, lost: bool):
    """Lines that come later, and before others, take no name away; nor does the loss of the claims."""
    cats.get(CATS[1], CATS[4], name="{stem}")
    before = names_of(cats.path)
    if lost:
        for file in cats.own.glob("claims.sqlite*"):
            file.unlink()
    cats.get(*CATS, name="{stem}")
    found = names_of(cats.path)
    assert before == {"2/cat.jpg": "cat.jpg", "5/gru%CC%88n.jpg": "grün.jpg"}
    assert before.items() <= found.items()
    assert len(set(found.values())) == len(CATS)
    assert found["1/Cat.jpg"] == f"{around('Cat', cats.server.url(CATS[0]))}.jpg"


def test_a_name_stays_with_the_first_line_though_it_fails(cats: Folder):
    """What fails and comes later has the name that it would have had at once."""
    cats.server.scripts[CATS[0]] = cats.server.scripts["/500-once.jpg"]
    report = cats.get(*CATS, name="{stem}")
    assert report.failed == {"server-error": 1}
    cats.get(*CATS, name="{stem}")
    assert names_of(cats.path) == expected(cats.server)


def test_damaged_claims_are_made_anew(cats: Folder):
    """They hold nothing that the manifest does not tell."""
    cats.get(*CATS[:2], name="{stem}")
    for file in cats.own.glob("claims.sqlite-*"):
        file.unlink()
    (cats.own / "claims.sqlite").write_bytes(b"torn" * 1000)
    cats.get(*CATS, name="{stem}")
    assert names_of(cats.path) == expected(cats.server)


@pytest.mark.parametrize("same", [True, False])
def test_names_of_another_template_are_owned_too(folder: Folder, same: bool):
    """A run goes around the names of earlier runs with another template, same bytes or not, though it may overwrite."""
    body = image_at(A) if same else image_at("/other")
    other, last = "/x/000000.jpg", "/x/000002.jpg"
    folder.server.scripts |= {other: answer(body), last: answer(body)}
    folder.get(A)
    folder.get(other, last, name="{stem}", on_conflict="overwrite")
    folder.get(B, "/images/c.jpg", on_conflict="overwrite")
    assert not folder.get(A, other, last, B).outcomes
    found = names_of(folder.path)
    assert found == {
        A[1:]: "000000.jpg",
        other[1:]: f"{around('000000', folder.server.url(other))}.jpg",
        last[1:]: "000002.jpg",
        B[1:]: "000003.jpg",
        "images/c.jpg": "000004.jpg",
    }
    assert files(folder.path) == set(found.values())
    assert saved(folder.path)


def test_a_name_of_another_template_is_in_the_way(folder: Folder):
    """Names that are unique among themselves go around one that an earlier run has given."""
    last = "/x/000001.jpg"
    folder.server.scripts[last] = answer(image_at(B))
    folder.get(last, name="{stem}")
    folder.get(B, on_conflict="overwrite")
    assert names_of(folder.path) == {
        last[1:]: "000001.jpg", B[1:]: f"{around('000001', folder.server.url(B))}.jpg"
    }  # fmt: skip
    assert len(files(folder.path)) == 2


def test_the_default_names_open_no_claims(folder: Folder):
    """What is unique by itself costs nothing."""
    folder.get("/good.jpg", "/images/a.jpg")
    assert not list(folder.own.glob("claims*"))


# --- what the answer tells


@ENGINES
def test_the_name_of_content_disposition(folder: Folder, engine: str):
    """It goes before the URL's, in raw UTF-8, escaped or encoded; two that are like each other both stay."""
    body = image_at("/x")
    headers = {
        "/a": "attachment; filename*=UTF-8''gr%C3%BCn.jpeg",
        "/b": 'attachment; filename="Grün.jpg"',
        "/c": 'attachment; filename="../../etc/passwd"',
        "/d.png": "inline",
    }
    for path, header in headers.items():
        folder.server.scripts[path] = answer(body, f"Content-Disposition: {header}".encode())
    folder.get(*headers, name="original", jobs=1, engine=engine)
    collided = around("Grün", folder.server.url("/b"))
    assert list(names_of(folder.path).values()) == ["grün.jpg", f"{collided}.jpg", "passwd.jpg", "d.jpg"]


def test_names_by_content_are_shared(folder: Folder):
    """With --name {sha256} the same bytes are one file, whatever order and run they come in."""
    folder.server.scripts |= dict.fromkeys(["/a", "/b", "/c"], answer(image_at("/x")))
    folder.get("/a", "/b", name="{sha256:.2}/{sha256}")
    folder.get("/a", "/b", "/c", name="{sha256:.2}/{sha256}")
    assert len(files(folder.path)) == len({row["path"] for row in rows(folder.path)}) == 1


def test_cells_go_before_names_by_content(folder: Folder, tmp_path: Path):
    """A cell is its own line's name alone, also where the others are named by their bytes."""
    folder.server.scripts |= dict.fromkeys(["/a", "/b", "/c"], answer(image_at("/x")))
    own = tmp_path / "own.jsonl"
    lines = [{"url": folder.server.url("/a"), "name": "cat"}, {"url": folder.server.url("/b"), "name": ""}]
    own.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"url": folder.server.url("/c")}]))
    ran = run("get", "-i", own, "-o", folder.path, "--allow-private", "--name-col", "name", "--name", "{sha256}")
    assert ran.status == 0, ran.err
    by_content = f"{hashlib.sha256(image_at('/x')).hexdigest()}.jpg"
    assert list(names_of(folder.path).values()) == ["cat.jpg", by_content, by_content]


# --- --on-conflict


def test_skip_asks_nothing_where_a_file_stands(folder: Folder):
    """The line is skipped, in this run and the next, whatever suffix the file has; a retry leaves it alone."""
    folder.path.mkdir()
    (folder.path / "000000.png").write_bytes(b"a holiday of mine")
    lines = (A, B, A, "/500-once.jpg")
    report = folder.get(*lines, on_conflict="skip")
    assert (report.saved, report.skipped, report.failures) == (1, 2, 1)
    assert [(row["status"], row["code"], row["path"]) for row in rows(folder.path)] == [
        ("skipped", "exists", "000000.png"), ("saved", None, "000001.jpg"), ("skipped", "duplicate", "000000.png"),
        ("failed", "server-error", None),
    ]  # fmt: skip
    retried = folder.retry()
    assert (retried.saved, retried.skipped, retried.total) == (2, 2, 4)
    again = folder.get(*lines, on_conflict="skip")
    assert (again.saved, again.skipped, again.known) == (2, 2, 4)
    assert folder.server.hits == {B: 1, "/500-once.jpg": 2}
    assert (folder.path / "000000.png").read_bytes() == b"a holiday of mine"


def test_skip_takes_an_orphan_for_what_it_is(folder: Folder):
    """An image that was placed in a run that was killed before its commit is no file of the user's."""
    url = folder.server.url("/images/a.jpg")
    folder.path.mkdir()
    folder.own.mkdir()
    claims = Claims(folder.own / "claims.sqlite", 1, lambda _: ())
    assert claims.take("000000", url)
    claims.close()
    (folder.path / "000000.jpg").write_bytes(image_at("/images/a.jpg"))
    folder.get("/images/a.jpg", on_conflict="skip")
    assert folder.table() == [("/images/a.jpg", "saved", "000000.jpg")]


@pytest.mark.parametrize("dedupe", ["", "sha256"])
def test_skip_of_names_that_only_the_answer_tells(folder: Folder, dedupe: str):
    """The image is asked, and dropped; a resumed run does not ask it again."""
    folder.path.mkdir()
    (folder.path / "cat.jpg").write_bytes(b"a holiday of mine")
    folder.server.scripts["/a"] = answer(image_at("/x"), "Content-Disposition: attachment; filename=cat.png")
    for known in (0, 2):
        report = folder.get("/a", "/images/b.jpg", name="original", on_conflict="skip", dedupe=dedupe)
        assert (report.saved, report.skipped, report.known) == (1, 1, known)
    assert [(row["status"], row["code"], row["path"]) for row in rows(folder.path)] == [
        ("skipped", "exists", "cat.jpg"), ("saved", None, "b.jpg")
    ]  # fmt: skip
    assert folder.server.hits["/a"] == 1
    assert list((folder.own / "parts").iterdir()) == []


def test_skipped_images_are_deduped_in_whatever_order_they_come(folder: Folder):
    """One that was skipped for its name is told again as a duplicate when a lower index with its bytes comes later."""
    skipped = threading.Event()

    def late(connection: Connection, _: int) -> bool:
        connection.until(skipped)
        connection.send(sized(image_at("/x")))
        return True

    def watch(event: Event) -> None:
        if isinstance(event, Committed) and any(outcome.code == "exists" for outcome in event.outcomes):
            skipped.set()

    folder.path.mkdir()
    (folder.path / "cat.jpg").write_bytes(b"a holiday of mine")
    named = answer(image_at("/x"), "Content-Disposition: attachment; filename=cat.png")
    folder.server.scripts |= {"/late": late, "/named": named}
    lines = [Line(folder.server.url(path)) for path in (A, "/late", "/named")]  # the first proves the host
    settings = Settings.of(
        output=str(folder.path), allow_private=True, name="original", on_conflict="skip", dedupe="sha256"
    )
    report = run_job(Job(lines, settings), observers=[watch])
    assert (report.saved, report.skipped) == (2, 1)
    assert [(row["status"], row["code"], row["path"]) for row in rows(folder.path)] == [
        ("saved", None, "a.jpg"), ("saved", None, "late.jpg"), ("skipped", "duplicate", "late.jpg")
    ]  # fmt: skip
    assert (folder.path / "cat.jpg").read_bytes() == b"a holiday of mine"


def test_overwrite(folder: Folder):
    """A file of the user's is replaced, and a second run finds its own image there."""
    folder.path.mkdir()
    (folder.path / "000000.jpg").write_bytes(b"a holiday of mine")
    folder.get("/images/a.jpg", on_conflict="overwrite")
    folder.get("/images/a.jpg", "/images/b.jpg", on_conflict="overwrite")
    assert [row["path"] for row in rows(folder.path)] == ["000000.jpg", "000001.jpg"]
    assert (folder.path / "000000.jpg").read_bytes() == image_at("/images/a.jpg")


# --- the user's table, and folders


def test_names_of_a_column(folder: Folder, tmp_path: Path):
    """Each cell is the name of its line's image; what has none is named by the template, and that is said once."""
    cells = ["pets/Tom.PNG", "pets/tom", "", None, "../../etc/passwd"]
    lines = [
        {"url": folder.server.url(f"/images/{number}.jpg"), **({} if cell is None else {"name": cell})}
        for number, cell in enumerate(cells)
    ]
    own = tmp_path / "own.jsonl"
    own.write_text("".join(json.dumps(line) + "\n" for line in lines))
    ran = run("get", "-i", own, "-o", folder.path, "--allow-private", "--name-col", "name", "--progress", "plain")
    assert ran.status == 0, ran.err
    collided = around("pets/tom", folder.server.url("/images/1.jpg"))
    assert [row["path"] for row in rows(folder.path)] == [
        "pets/Tom.jpg", f"{collided}.jpg", "000002.jpg", "000003.jpg", "_/_/etc/passwd.jpg"
    ]  # fmt: skip
    assert ran.err.count("has no column 'name'") == 1


def test_a_million_files_do_not_stand_in_one_folder(folder: Folder):
    """From index 10,000 on they stand in folders of 1,000, which the report tells; --fanout 0 puts all in one."""

    def lines() -> Any:
        for number in range(10_001):
            yield Line(folder.server.url("/good.jpg") if number == 10_000 else f"nothing:{number}")

    for fanout, path in (("auto", "00010/010000.jpg"), ("0", "010000.jpg")):
        settings = Settings.of(output=str(folder.path / fanout), allow_private=True, fanout=fanout)
        report = run_job(Job(lines(), settings))
        assert files(folder.path / fanout) - {"failed.jsonl"} == {path}
        assert bool(report.remarks) is (fanout == "auto")
