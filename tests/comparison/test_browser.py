"""The page as a person sees it, in a real Chromium."""

from pathlib import Path
from typing import Any

import pytest

from downloader.comparison.raw import read
from downloader.comparison.report import write
from tests.comparison.raw import Made, document, hostile
from tests.support.browser import look


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
    look(browser, pages / f"{name}.html", width, theme)


def test_the_page_prints(browser: Any, pages: Path) -> None:
    """On paper it is a document of a few pages."""
    page = browser.new_page()
    page.goto((pages / "plain.html").as_uri())
    paper = page.pdf(format="A4")
    page.close()
    assert 2 <= paper.count(b"/Type /Page\n") <= 9
