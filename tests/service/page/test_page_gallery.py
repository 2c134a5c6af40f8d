"""The gallery with a hundred thousand images."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from downloader.imageserver import picture
from downloader.manifest.database import FOLDER, connect
from downloader.manifest.rows import COLUMNS, INSERT, SCHEMA
from downloader.service.states import State
from downloader.service.store import Record, Store
from tests.service.page.browsing import Visit
from tests.service.serving import Served

Visiting = Callable[..., Visit]

COUNT = 100_000
JOB = "a-hundred-thousand-000"
PICTURES = 10

MOST_TILES = 150
"""Elements for images, whatever the length of the list: those in view, and a row or two more."""


def _row(index: int) -> tuple[Any, ...]:
    facts = {
        "index": index, "url": f"https://images.example/{index}.jpg", "status": "saved", "attempts": 1, "seconds": 0.1,
        "path": f"{index % PICTURES}.jpg", "bytes": 20_000, "sha256": f"{index:064x}", "format": "jpeg", "run": 1,
    }  # fmt: skip
    if index % 50 == 49:
        facts |= {"status": "failed", "code": "not-found", "path": None}
    return tuple(facts.get(name) for name in COLUMNS)


def synthetic(data: Path) -> None:
    """Write a finished job of a hundred thousand lines, each fiftieth a failure, over ten pictures."""
    images = data / "jobs" / JOB / "images"
    (images / FOLDER).mkdir(parents=True)
    for number in range(PICTURES):
        (images / f"{number}.jpg").write_bytes(picture(number, 20_000, 1))
    manifest = connect(images / FOLDER / "manifest.sqlite", SCHEMA, synchronous="OFF")
    manifest.execute("BEGIN")
    manifest.executemany(INSERT, map(_row, range(COUNT)))
    manifest.execute("COMMIT")
    manifest.close()
    failed = COUNT // 50
    counts = {"counts": {"saved": COUNT - failed, "skipped": 0, "failed": failed}, "codes": {"not-found": failed}}
    store = Store(data / "service.sqlite")
    store.add(
        Record(JOB, "list.txt", "A hundred thousand", State.DONE, counts=counts | {"lines": COUNT, "bytes": 1 << 31})
    )
    store.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that has such a job."""
    data = tmp_path_factory.mktemp("large") / "data"
    data.mkdir()
    synthetic(data)
    with Served(data) as running:
        yield running


SCROLLED = """async part => {
  const box = document.querySelector(".gallery")
  const until = async true_ => { while (!true_()) await new Promise(requestAnimationFrame) }
  const begun = performance.now()
  box.scrollTop = part * (box.scrollHeight - box.clientHeight)
  // The first of these frames brings the scroll event, the second what the gallery makes of it.
  await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  const inView = tile => {
    const [a, b] = [tile.getBoundingClientRect(), box.getBoundingClientRect()]
    return !tile.hidden && !tile.parentElement.hidden && a.bottom > b.top && a.top < b.bottom
  }
  const tiles = () => [...document.querySelectorAll(".tile")].filter(inView)
  await until(() => tiles().every(tile => tile.dataset.status !== "none"))
  const known = performance.now() - begun
  await until(() => tiles().every(tile => tile.dataset.status !== "saved" || !tile.querySelector("img").hidden))
  return { known, whole: performance.now() - begun, last: Math.max(...tiles().map(tile => Number(tile.dataset.index))),
    tiles: document.querySelectorAll(".tile").length, elements: document.querySelectorAll("*").length }
}"""
"""Goes to a place in the list, and waits until all in view is known, then until all its pictures are there."""

TALL = """async () => {
  const { measured, scrolled, unscrolled, inView } = await import("/page/window.js")
  const grid = measured(260, 10_000_000, { side: 80, gap: 6 })
  const view = 500
  const end = inView(grid, scrolled(grid, grid.track - view, view), view)
  const there = 123_456_789
  return { track: grid.track, rows: grid.rows, last: end.last, shown: end.last - end.first,
    there: scrolled(grid, unscrolled(grid, there, view), view) - there }
}"""
"""Asks the pure part for the end of ten million images, which no browser could lay out as one box."""

RIDDEN = """async frames => {
  const box = document.querySelector(".gallery")
  const step = (box.scrollHeight - box.clientHeight) / frames
  const times = []
  let last = await new Promise(requestAnimationFrame)
  for (let frame = 0; frame < frames; frame++) {
    box.scrollTop = frame * step
    const now = await new Promise(requestAnimationFrame)
    times.push(now - last)
    last = now
  }
  times.sort((a, b) => a - b)
  return { median: times[frames >> 1], p95: times[Math.floor(frames * .95)], worst: times.at(-1),
    tiles: document.querySelectorAll(".tile").length }
}"""
"""Goes through the whole list in so many frames; gives how long these took, in milliseconds."""


def _tell(capsys: Any, found: Any) -> None:
    """Say the figures, where they are asked for with the screenshots."""
    if "SCREENSHOTS" in os.environ:
        with capsys.disabled():
            print(json.dumps(found))  # noqa: T201 - the figures of a measurement


def test_any_place_is_one_step_away(visit: Visiting, large: Served, capsys: Any) -> None:
    """The start, the middle and the end show their pictures alike, with as few elements."""
    here = visit(large.url, at=f"/#/jobs/{JOB}")
    here.see(".tile img:not([hidden])")
    found = {part: here.page.evaluate(SCROLLED, part) for part in (0, 0.5, 1)}
    _tell(capsys, found)
    here.shoot("gallery-end")
    assert found[1]["last"] == COUNT - 1
    assert 40_000 < found[0.5]["last"] < 60_000
    assert all(each["tiles"] <= MOST_TILES and each["elements"] < 900 for each in found.values())


def test_scrolling_keeps_its_pace(visit: Visiting, large: Served, capsys: Any) -> None:
    """Through all of it in three hundred frames: no element more than before, and no request a frame."""
    here = visit(large.url, at=f"/#/jobs/{JOB}")
    here.see(".tile img:not([hidden])")
    asked: list[str] = []
    here.page.on("request", lambda request: asked.append(request.url))
    found = here.page.evaluate(RIDDEN, 300)
    _tell(capsys, found | {"requests": len(asked)})
    assert found["tiles"] <= MOST_TILES
    assert len(asked) < 100
    assert found["median"] < 100


def test_ten_million_have_an_end(visit: Visiting, large: Served) -> None:
    """Past what a browser can lay out, the scroll bar is to scale, and every row is still reached."""
    found = visit(large.url).page.evaluate(TALL)
    assert found["track"] <= 8_000_000 < found["rows"] * 80
    assert found["last"] == found["rows"] - 1
    assert found["shown"] < 10
    assert abs(found["there"]) < 0.01


def test_keys_go_to_the_ends(visit: Visiting, large: Served) -> None:
    """End is the last image, Home the first, and what a screen reader hears is the one in question."""
    here = visit(large.url, at=f"/#/jobs/{JOB}", width=360)
    here.see(".tile img:not([hidden])")
    here.see(".gallery").focus()
    for key, name in (
        ("End", "Image 100,000: failed, not-found"),
        ("Home", "Image 1: jpeg"),
        ("ArrowRight", "Image 2: jpeg"),
    ):
        here.page.keyboard.press(key)
        number = name.split(":")[0].removeprefix("Image ").replace(",", "")
        here.see(f"#tile-{int(number) - 1}[aria-label='{name}'].current")
        assert here.see(".gallery").get_attribute("aria-activedescendant") == f"tile-{int(number) - 1}"
