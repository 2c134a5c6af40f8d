"""The page as a person sees it, in a real Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from downloader.compare.raw import read
from downloader.compare.report import write
from tests.compare.raw import Made, document, hostile

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Root has no sandbox; and a browser that looks up its maker's hosts at each start does so here in vain.
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give a Chromium of this machine."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'"
    )
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(NAMES)} is installed, and CHROMIUM names none")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with pages: a plain one, a hostile one, and one of many attempts."""
    folder = tmp_path_factory.mktemp("pages")
    write(read(document(Made(sweep=(1, 4, 16, 64, 256)))), folder / "plain.html")
    write(read(hostile()), folder / "hostile.html")
    write(read(document(Made(images=5000, jobs=64, runs=3, latency=0.02))), folder / "many.html")
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["plain", "hostile", "many"])
def test_the_page_is_whole(browser: Any, pages: Path, name: str, width: int, theme: str) -> None:
    """No console error, no request, no sideways scrolling, every picture and letter inside, in the theme asked for."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((pages / f"{name}.html").as_uri())
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    outside = page.evaluate(
        "[...document.querySelectorAll('.chart text, .chart rect, .chart circle, .chart path')]"
        ".filter(mark => { const box = mark.getBoundingClientRect();"
        " return box.left < 0 || box.right > innerWidth }).length"
    )
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}-{width}-{theme}.png", full_page=True)
    page.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert (wide, outside) == (0, 0)
    assert (sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) < 300) == (theme == "dark")


def test_the_page_prints(browser: Any, pages: Path) -> None:
    """On paper it is a document of a few pages."""
    page = browser.new_page()
    page.goto((pages / "plain.html").as_uri())
    paper = page.pdf(format="A4")
    page.close()
    assert 2 <= paper.count(b"/Type /Page\n") <= 9
