"""The page for everybody: keyboard, screen reader, narrow windows, light and dark."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from downloader.imageserver import ImageServer
from tests.service.page.browsing import Visit
from tests.service.serving import Served, image_urls

Visiting = Callable[..., Visit]

FAULTS = (Path(__file__).parent / "faults.js").read_text()
"""What axe would find first: names, references, landmarks, headings, targets (WCAG 2.2: 1.3.1, 2.5.8, 4.1.2)."""

CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()
"""The contrast of each text with the ground behind it (WCAG 2.2, 1.4.3)."""


@pytest.fixture(scope="module")
def job(service: Served, server: ImageServer) -> str:
    """Give a job with images and failures of several causes."""
    lost = [f"http://127.0.0.1:{server.port}/lost-{number}.jpg" for number in range(9)]
    found = service.submit(
        [*image_urls(server, 40), *lost, "http://10.0.0.1/a.jpg", "nonsense", f"http://{'a' * 63}.invalid/x"]
    )
    service.ended(found)
    return found


@pytest.fixture(params=["home", "job"])
def place(request: Any, job: str) -> str:
    """Give the address of a view."""
    return "/#/" if request.param == "home" else f"/#/jobs/{job}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_is_whole(visit: Visiting, service: Served, place: str, theme: str) -> None:
    """Names, labels and landmarks are there, texts have contrast, and nothing is wider than the window."""
    here = visit(service.url, at=place, theme=theme)
    here.see(".job-row" if place == "/#/" else ".cause:nth-child(3)")
    for summary in here.page.locator("summary").all():
        summary.click()
    for width in (360, 768, 1280, 1600):
        here.page.set_viewport_size({"width": width, "height": 900})
        here.see("#option-process" if place == "/#/" else ".tile img:not([hidden])")
        here.shoot(f"{'home' if place == '/#/' else 'job'}-{width}-{theme}")
        assert here.sideways() == 0
        assert here.page.evaluate(FAULTS) == []
    assert {name: ratio for name, ratio in here.page.evaluate(CONTRASTS).items() if ratio < 4.5} == {}
    ground = here.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 300) == (theme == "dark")


def test_the_switch_is_kept(visit: Visiting, service: Served) -> None:
    """The theme follows the system until it is chosen; the choice holds after a reload, from the first paint on."""
    here = visit(service.url, theme="light")
    here.page.get_by_label("Theme").select_option("dark")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert here.page.evaluate(scheme) == "dark"
    here.page.reload()
    assert here.page.evaluate(scheme) == "dark"
    assert here.page.get_by_label("Theme").input_value() == "dark"
    here.page.get_by_label("Theme").select_option("system")
    assert here.page.evaluate(scheme) == "light dark"


def test_the_keyboard_is_enough(visit: Visiting, service: Served, server: ImageServer) -> None:
    """From the address to a finished job, an image looked at and the job deleted, without a mouse."""
    here = visit(service.url)
    here.see("#list")
    keys = here.page.keyboard
    keys.press("Tab")
    assert here.page.evaluate("document.activeElement.id") == "skip"
    keys.press("Enter")
    _tab_to(here, "#list")
    keys.insert_text("\n".join(image_urls(server, 8)))
    _tab_to(here, "summary")
    keys.press("Enter")
    _tab_to(here, "#option-jobs")
    keys.press("Control+A")
    keys.type("4")
    _tab_to(here, "[data-at=send]")
    keys.press("Enter")
    here.ended()
    assert service.job(here.page.url.rpartition("/")[2])["options"] == {"jobs": 4}
    assert here.page.evaluate("document.activeElement.tagName") == "H1"
    here.see(".tile img:not([hidden])")
    _tab_to(here, ".gallery")
    keys.press("ArrowRight")
    keys.press("End")
    keys.press("ArrowLeft")
    keys.press("Enter")
    assert here.text("#picture-title") == "Image 7"
    for _ in range(8):
        keys.press("Tab")
        assert here.page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#picture')"
        )
    keys.press("ArrowRight")
    assert here.text("#picture-title") == "Image 8"
    keys.press("Escape")
    assert here.page.evaluate("document.activeElement.className") == "gallery"
    here.page.locator("h1").focus()
    _tab_to(here, ".job-head button")
    keys.press("Enter")
    _tab_to(here, "#confirm-yes")
    keys.press("Enter")
    here.see("#list")


def test_live_regions_are_not_chatty(visit: Visiting, service: Served, server: ImageServer) -> None:
    """While images come, a screen reader is told a handful of things."""
    here = visit(service.url)
    here.see("#list")
    here.listen()
    here.submit(image_urls(server, 300))
    here.ended()
    told = here.page.evaluate("window.told")
    assert 1 <= len(told) <= 8
    assert "300 of 300" in told[-1]


def test_motion_is_reduced(visit: Visiting, service: Served, job: str) -> None:
    """Nothing moves for those who asked their system for that."""
    here = visit(service.url, at=f"/#/jobs/{job}")
    width = "getComputedStyle(document.querySelector('.progress .bar i')).transitionDuration"
    here.see("article.job")
    assert here.page.evaluate(width) != "0s"
    here.page.emulate_media(reduced_motion="reduce")
    assert here.page.evaluate(width) == "0s"


def _tab_to(here: Visit, selector: str) -> None:
    for _ in range(40):
        here.page.keyboard.press("Tab")
        if here.page.evaluate(f"document.activeElement.matches({selector!r})"):
            assert here.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")
