"""A Chromium for a file of tests, and a page for a test that must not complain."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.service.page.browsing import Visit

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Root has no sandbox; and a browser that looks up its maker's hosts at each start does so here in vain.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
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


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Give a maker of visits: ``visit(url)``; in the end, none may have said a word on its console."""
    visits: list[Visit] = []

    def make(url: str, **how: Any) -> Visit:
        visits.append(Visit(browser, url, **how))
        return visits[-1]

    yield make
    for each in visits:
        each.page.context.close()
    assert [line for each in visits for line in each.complaints] == []
