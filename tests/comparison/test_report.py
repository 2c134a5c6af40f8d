"""The page: well-formed, bounded, deaf to what stands in its data."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from downloader.comparison.gantt import LANES, gantt
from downloader.comparison.lanes import lay
from downloader.comparison.raw import PHASES, read
from downloader.comparison.report import LARGEST, page
from downloader.pages.markup import Markup, element
from downloader.pages.scales import Linear, Logarithmic, above
from tests.comparison.raw import HOSTILE, Made, document, hostile


class Reader(HTMLParser):
    """Reads a page as a browser does: its elements, and the text of its data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data = ""
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the parser's own
        self.tags.append(tag)
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's own
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.data += data


def tree(text: str) -> ET.Element:
    """Read a page as XML, which forgives nothing."""
    return ET.fromstring(text.removeprefix("<!doctype html>\n"))  # noqa: S314 - our own writing


@pytest.fixture(scope="module")
def whole() -> str:
    """Give the page of a whole comparison."""
    return page(read(document(Made(sweep=(1, 4, 16, 64, 256)))))


def test_the_page_is_well_formed(whole: str) -> None:
    """Every picture has a title, a description and a table under it; headings follow each other."""
    root = tree(whole)
    pictures = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    assert len(pictures) == 9
    assert all(svg.findtext("title") and svg.findtext("desc") for svg in pictures)
    for section in root.iter("section"):
        assert section.find("figure") is None or section.find("div/table") is not None
    assert [len(list(root.iter(f"h{level}"))) for level in (1, 2, 3)] == [1, 9, 0]


def test_the_page_needs_nothing_else(whole: str) -> None:
    """No script runs, nothing is loaded, and its own policy forbids it."""
    root = tree(whole)
    assert [script.get("type") for script in root.iter("script")] == ["application/json"]
    assert {link.get("href") for link in root.iter("link")} == {"data:,"}
    assert not list(root.iter("img")) + list(root.iter("iframe"))
    assert not re.search(r"https?://|url\(|@import|\son\w+=", whole)
    assert "default-src 'none'" in root.find("head/meta[@http-equiv]").get("content")


def test_all_raw_data_is_in_a_small_page() -> None:
    """What fits is whole, but for digits past the microsecond."""
    raw = document(Made(images=30))
    found = json.loads(Reader(page(read(raw))).data)
    assert found["results"][3]["attempts"][7]["seconds"] == round(raw["results"][3]["attempts"][7]["seconds"], 6)
    assert [len(result["attempts"]) for result in found["results"]] == [30] * 15


def test_raw_data_that_does_not_fit_is_left_out_in_steps(whole: str) -> None:
    """First all attempts but those of the drawn runs go, and the page says so."""
    kept = [bool(result["attempts"]) for result in json.loads(Reader(whole).data)["results"]]
    assert sum(kept) == 3
    assert "attempts of the drawn runs alone" in whole


def test_ten_thousand_attempts_stay_under_a_megabyte() -> None:
    """Seven engines of as many attempts at 256 jobs: fewer marks, no attempts in the raw data, every run in it."""
    names = ("sequential", "thread", "async", "curl", "fifth", "sixth", "seventh")
    raw = document(Made(engines=names, images=10_000, jobs=256, runs=1, latency=0.02))
    text = page(read(raw))
    assert 50_000 < len(text.encode()) < LARGEST
    assert len(json.loads(Reader(text).data)["results"]) == 7
    assert "Without the attempts" in text


def test_raw_data_that_never_fits_is_said_to_be_missing() -> None:
    """Even the runs alone can be too many."""
    raw = document(Made(images=3))
    raw["environment"]["packages"] = {"large": "x" * 400_000}
    text = page(read({**raw, "environment": raw["environment"] | {"python": "y"}, "more": "z" * LARGEST}))
    assert len(text.encode()) < LARGEST
    assert Reader(text).data == "null"


def test_nothing_from_outside_breaks_out() -> None:
    """Names and URLs full of markup, quotes and controls are text, in the page as in the data."""
    text = page(read(hostile()))
    reader = Reader(text)
    assert reader.tags.count("script") == 1
    assert "b" not in reader.tags
    assert json.loads(reader.data)["command"] == HOSTILE
    assert "alert(1)" in "".join(tree(text).find("body/main/header").itertext())
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", text)


def test_only_markup_is_not_escaped() -> None:
    """Children and attributes are text unless they were made as markup."""
    assert element("p", "<b>", Markup("<i>"), [None, 3], title='"&') == (
        '<p title="&quot;&amp;">&lt;b&gt;<i>3</p>'
    )  # fmt: skip


def test_an_engine_that_tells_no_phase_and_saved_nothing_is_shown() -> None:
    """Null phases, no attempts and no latencies leave a page, not a crash."""
    raw = document(Made(images=5, runs=3))
    for result in raw["results"]:
        if result["engine"] == "thread":
            result.update(attempts=[], saved=0, failed={"unreachable": 5})
        for attempt in result["attempts"]:
            attempt.update(dict.fromkeys(("queue", "dns", "connect", "first_byte", "body", "check", "write")))
    raw["server"] = None
    assert "unreachable 15" in page(read(raw))
    tree(page(read(raw)))


def test_threads_of_one_attempt_are_laid_into_slots() -> None:
    """There are as many lanes as permits, whatever the engine, and in none of them two attempts overlap."""
    comparison = read(document(Made(images=60, jobs=8, runs=1)))
    for engine, lanes in (("sequential", 1), ("thread", 8), ("async", 8)):
        laid = lay(comparison.runs[engine][0])
        assert len(laid) == lanes
        assert sum(map(len, laid)) == 60
        for attempts in laid:
            assert all(one.end <= after.start for one, after in pairwise(attempts))


def test_a_gantt_chart_is_bounded_in_lanes() -> None:
    """Of 256 slots some are drawn."""
    [run] = read(document(Made(engines=("async",), images=600, jobs=256, runs=1))).runs["async"]
    rows = set(re.findall(r"M\d+ (\S+?)h", gantt(run, 1)))
    assert len(rows) == LANES


def test_a_crowded_gantt_chart_keeps_its_proportions() -> None:
    """Where a step of time holds many attempts, each phase still has its share of the lane."""
    [run] = read(document(Made(engines=("sequential",), images=3000, runs=1))).runs["sequential"]
    drawn = dict.fromkeys(PHASES, 0)
    for path, key in re.findall(r'd="([^"]*)" class="lane p-(\w+)', gantt(run, 300)):
        drawn[key] += sum(map(int, re.findall(r"h(\d+)", path)))
    spent = dict.fromkeys(PHASES, 0.0)
    for attempt in run.attempts:
        for key, _, length in attempt.spans():
            spent[key] += length
    whole = sum(spent.values())
    assert sum(drawn.values()) == 100
    assert all(abs(drawn[key] / 100 - spent[key] / whole) < 0.011 for key in PHASES)


def test_axes_have_round_ticks() -> None:
    """Steps of 1, 2 or 5, none beyond the end."""
    assert Linear(1.6).ticks() == pytest.approx([0, 0.5, 1.0, 1.5])
    assert Linear(22.5).ticks() == [0, 5, 10, 15, 20]
    assert Logarithmic(0.04, 0.3).ticks() == pytest.approx([0.05, 0.1, 0.2])
    assert above([22.0]) == 25
    assert Linear(0).ticks() == [0]
    assert Logarithmic(1, 100).at(10) == pytest.approx(50)
