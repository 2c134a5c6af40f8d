"""Work on images in whole jobs: the same by every engine, in processes and in threads, and truly recorded."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from tests.doors.running import files, parts, rows, run, saved
from tests.postprocess.pictures import corners, photograph
from tests.postprocess.pictures import saved as encoded
from tests.support.hostile import HostileServer, answer
from tests.works.folder import Folder

ALL = pytest.mark.parametrize("engine", ["thread", "async", "sequential", "curl"])
WORK_COLUMNS = ("source_sha256", "source_width", "source_height", "width", "height", "steps", "fields")


@cache
def bodies() -> Mapping[str, bytes]:
    """Give files of many kinds by their paths."""
    frames = [photograph(seed, 64, 48) for seed in range(3)]
    moving = {"save_all": True, "append_images": frames[1:], "duration": 50}
    wide = numpy.tile(numpy.linspace(0, 65535, 96).astype("uint16"), (64, 1))
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "/photo.jpg": encoded(photograph(7, 320, 240), "JPEG"),
        "/tall.png": encoded(photograph(8, 60, 180), "PNG"),
        "/turned.jpg": encoded(corners(), "JPEG", exif=turned, quality=95),
        "/moving.gif": encoded(frames[0], "GIF", **moving),
        "/moving.webp": encoded(frames[0], "WEBP", **moving),
        "/wide.png": encoded(Image.fromarray(wide), "PNG"),
        "/large.png": encoded(Image.effect_noise((1300, 1000), 90), "PNG"),  # past 1 MiB
        "/cut.jpg": encoded(photograph(9, 320, 240), "JPEG")[:9000],
    }


GOOD = [path for path in bodies() if path != "/cut.jpg"]


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """Give a server of these files."""
    assert len(bodies()["/large.png"]) > 1 << 20
    with HostileServer({path: answer(body) for path, body in bodies().items()}) as server:
        yield server


@pytest.fixture
def folder(server: HostileServer, tmp_path: Path) -> Folder:
    """Give an empty folder."""
    return Folder(server, tmp_path / "images")


def only(folder: Folder, path: str) -> tuple[dict[str, Any], Image.Image]:
    """Give the row and the picture of one path."""
    [row] = [row for row in saved(folder.path) if row["url"] == folder.server.url(path)]
    image = Image.open(BytesIO((folder.path / row["path"]).read_bytes()))
    image.load()
    return row, image


def test_every_way_gives_identical_bytes(server: HostileServer, tmp_path: Path):
    """Three engines, each with processes and with threads: the same files to the last byte, the same rows."""
    found = {}
    for engine in ("thread", "async", "sequential"):
        for workers in (2, 0):
            folder = Folder(server, tmp_path / f"{engine}-{workers}")
            steps = ["orient,srgb,fingerprint,thumbnail=16,resize=48,center-crop,convert=webp"]
            report = folder.get(*bodies(), engine=engine, workers=workers, process=steps, frames="all")
            assert (report.saved, dict(report.failed)) == (len(GOOD), {"truncated-image": 1})
            assert parts(folder.path) == []
            told = {name: hashlib.sha256((folder.path / name).read_bytes()).hexdigest() for name in files(folder.path)}
            facts = [
                [row[name] for name in ("status", "code", "bytes", "sha256", *WORK_COLUMNS)]
                for row in rows(folder.path)
            ]
            found[engine, workers] = told, facts
    [first, *others] = found.values()
    assert len(first[0]) == 2 * len(GOOD)
    assert all(other == first for other in others)


@ALL
def test_where_nothing_changes_the_very_bytes_stay(folder: Folder, engine: str):
    """Of memory and of a part alike; source and stored digest agree, and the size is told."""
    folder.get(*GOOD, engine=engine, process=["decode"], workers=2)
    for path in GOOD:
        row, image = only(folder, path)
        assert (folder.path / row["path"]).read_bytes() == bodies()[path]
        assert row["sha256"] == row["source_sha256"] == hashlib.sha256(bodies()[path]).hexdigest()
        assert (row["width"], row["height"]) == (row["source_width"], row["source_height"]) == image.size
        assert (row["steps"], row["fields"]) == ("decode", None)
    assert parts(folder.path) == []


def test_what_was_done_is_recorded(folder: Folder):
    """Source and result, the steps, what they found, in rows and outcomes; the thumbnail beside; an audit agrees."""
    report = folder.get("/photo.jpg", process=["fingerprint,thumbnail=32,resize=64,center-crop"], workers=2)
    row, image = only(folder, "/photo.jpg")
    [outcome] = report.outcomes
    assert (image.size, image.format) == ((64, 64), "JPEG")
    assert row["source_sha256"] == hashlib.sha256(bodies()["/photo.jpg"]).hexdigest() != row["sha256"]
    assert [row[name] for name in WORK_COLUMNS[1:6]] == [320, 240, 64, 64, "decode,fingerprint,thumbnail,resize"]
    fields = json.loads(row["fields"])
    assert (fields["width"], fields["height"], fields["mode"], fields["frames"]) == (320, 240, "RGB", 1)
    assert fields == outcome.image.work.fields
    assert files(folder.path) == {"000000.jpg", "000000.thumb.webp"}
    with Image.open(folder.path / "000000.thumb.webp") as small:
        assert small.size == (32, 24)
    audit = run("audit", folder.path)
    assert (audit.status, audit.err) == (0, "1 whole, 0 missing or damaged\n")


def test_twins_share_what_was_done(folder: Folder):
    """The same URL again is a duplicate that names the file, and is worked on once."""
    report = folder.get("/photo.jpg", "/photo.jpg#again", "/tall.png", process=["resize=64"], workers=2)
    assert (report.saved, report.skipped) == (2, 1)
    assert folder.table()[1] == ("/photo.jpg", "skipped", "000000.jpg")
    assert folder.server.hits["/photo.jpg"] == 1


@pytest.mark.parametrize(
    ("rule", "refused", "reason"),
    [
        ({"min_side": 61}, {"/tall.png", "/turned.jpg", "/moving.gif", "/moving.webp"}, "less than --min-side 61"),
        ({"max_pixels": 76_799}, {"/photo.jpg", "/large.png"}, "more than --max-pixels 76799"),
        ({"max_aspect": 2.9}, {"/tall.png"}, "60x180, past --max-aspect 2.9"),
        ({"formats": ["jpeg", "gif"]}, {path for path in GOOD if path[-3:] not in ("jpg", "gif")}, "not jpeg or gif"),
        ({"frames": "reject"}, {"/moving.gif", "/moving.webp"}, "it has 3 frames, and --frames is reject"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_filtered_images_are_skipped_for_good(folder: Folder, rule: dict[str, Any], refused: set[str], reason: str):
    """Without any step as well: the reason is told, the job succeeds, and the next run does not ask again."""
    report = folder.get(*GOOD, workers=2, **rule)
    found = [row for row in rows(folder.path) if row["status"] == "skipped"]
    assert {row["url"].removeprefix(folder.server.origin) for row in found} == refused
    assert all(row["code"] == "filtered" and reason in row["detail"] and row["path"] is None for row in found)
    assert (report.exit_status(), report.saved, report.skipped) == (0, len(GOOD) - len(refused), len(refused))
    assert len(files(folder.path)) == report.saved
    assert parts(folder.path) == []
    again = folder.get(*GOOD, workers=2, **rule)
    assert (again.known, again.skipped, set(folder.server.hits.values())) == (len(GOOD), len(refused), {1})


def test_a_rotated_photograph_comes_out_upright(folder: Folder):
    """The red corner, first in the file and by its EXIF the second in sight, is at the right when all is done."""
    folder.get("/turned.jpg", process=["orient,convert=png"], workers=2)
    row, image = only(folder, "/turned.jpg")
    assert image.size == (row["width"], row["height"]) == (24, 40)
    assert (row["source_width"], row["source_height"], row["format"]) == (40, 24, "png")
    red, green, blue = image.convert("RGB").getpixel((20, 3))
    assert red > 200 > 60 > max(green, blue)
    assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("path", ["/moving.gif", "/moving.webp"])
@pytest.mark.parametrize(("frames", "count"), [("first", 1), ("all", 3)])
def test_animations(folder: Folder, path: str, frames: str, count: int):
    """Every frame is resized where that is asked, and else the first stays alone."""
    folder.get(path, process=["resize=24,keep-ratio"], frames=frames, workers=2)
    row, image = only(folder, path)
    assert (image.size, getattr(image, "n_frames", 1)) == ((32, 24), count)
    assert (row["source_width"], row["width"], row["format"]) == (64, 32, path[-len(row["format"]) :])


def test_sixteen_bits_do_not_turn_white(folder: Folder):
    """A ramp from black to white is one still, in true 8-bit tones."""
    folder.get("/wide.png", process=["srgb,convert=jpeg,95"], workers=2)
    _, image = only(folder, "/wide.png")
    tones = numpy.asarray(image.convert("L"), float)
    assert numpy.abs(tones.mean(0) - numpy.linspace(0, 255, 96)).max() < 4
