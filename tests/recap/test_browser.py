"""The page of a run as a person sees it, in a real Chromium."""

from pathlib import Path
from typing import Any

import pytest

from downloader.recap import write
from tests.recap.runs import busy, hostile, recap
from tests.support.browser import look


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with pages: of a long run, of a hostile list, of a run without an image."""
    folder = tmp_path_factory.mktemp("recaps")
    write(busy(), folder / "run.html")
    write(hostile(), folder / "hostile-run.html")
    write(recap([]), folder / "empty-run.html")
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["run", "hostile-run", "empty-run"])
def test_the_page_is_whole(browser: Any, pages: Path, name: str, width: int, theme: str) -> None:
    """No console error, no request, no sideways scrolling, every picture and letter inside, in the theme asked for."""
    look(browser, pages / f"{name}.html", width, theme)


def test_the_page_prints(browser: Any, pages: Path) -> None:
    """On paper it is a document of a few pages."""
    page = browser.new_page()
    page.goto((pages / "run.html").as_uri())
    paper = page.pdf(format="A4")
    page.close()
    assert 1 <= paper.count(b"/Type /Page\n") <= 6
