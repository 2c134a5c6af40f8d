"""A page as a person sees it, in a real Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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


def look(browser: Any, path: Path, width: int, theme: str) -> None:
    """Open a page of a file and see that it is whole; SCREENSHOTS names a folder for what it looks like.

    No console error, no request, no sideways scrolling, every picture and letter inside, in the theme asked for.
    """
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    outside = page.evaluate(
        "[...document.querySelectorAll('.chart text, .chart rect, .chart circle, .chart path')]"
        ".filter(mark => { const box = mark.getBoundingClientRect();"
        " return box.left < 0 || box.right > innerWidth }).length"
    )
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{path.stem}-{width}-{theme}.png", full_page=True)
    page.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert (wide, outside) == (0, 0)
    assert (sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) < 300) == (theme == "dark")
