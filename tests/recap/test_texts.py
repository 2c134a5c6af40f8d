"""Reports as files: whole, and deaf to what stands in them."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from downloader.errors import OutputError, UsageError
from downloader.recap import WRITERS, check, html, jsonfile, markdown, write
from downloader.recap.markdown import code
from tests.recap.runs import HOSTILE, busy, hostile, outcome, recap

ALLOWED = {
    "html", "head", "meta", "link", "title", "style", "body", "main", "header", "section", "article", "p", "h1", "h2",
    "h3", "ul", "li", "i", "dl", "dt", "dd", "div", "span", "pre", "code", "figure", "figcaption", "svg", "desc",
    "rect", "line", "text", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


class Tags(HTMLParser):
    """Reads a page as a browser does: its elements, and the attributes they have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_hostile_list_adds_nothing_to_the_page() -> None:
    """No element, no attribute and no link that is not the page's own."""
    found = Tags(html.text(hostile())).found
    assert {tag for tag, _ in found} <= ALLOWED
    assert not any(name.startswith("on") or name == "src" for _, attributes in found for name in attributes)
    assert [attributes["href"] for _, attributes in found if "href" in attributes] == ["data:,"]


def test_a_hostile_list_adds_nothing_to_markdown() -> None:
    """Read as CommonMark with tables there is no link, picture, HTML or heading that is not the report's own."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(markdown.text(hostile()))
    kinds = {token.type for each in tokens for token in (each, *(each.children or []))}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "strong_open", "em_open", "code_block"}
    titles = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    assert titles[1:] == [
        "The run", "Failures by cause", "Throughput", "Hosts", "Latency", "Slowest images", "How it was made",
    ]  # fmt: skip
    widths: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            widths.append(0)
        elif token.type in ("td_open", "th_open"):
            widths[-1] += 1
    assert set(widths) == {2, 4, 5, 6}


@pytest.mark.parametrize("text", [*HOSTILE, "`", "``", "a`b``c", "|", "\\", "\\|", "ends in \\", "", " "])
def test_a_span_of_code_is_one(text: str) -> None:
    """Nothing leaves it."""
    rendered = MarkdownIt("commonmark").enable("table").render(f"| a | b |\n| --- | --- |\n| {code(text)} | end |\n")
    assert rendered.count("<td>") == 2
    assert "<td>end</td>" in rendered
    assert rendered.count("<code>") == bool(text.strip())


@pytest.mark.parametrize("kind", [html, markdown, jsonfile])
def test_logins_of_urls_are_left_out(kind: Any) -> None:
    """A sample may be shown to others."""
    text = kind.text(recap(_with_login()))
    assert "secret" not in text
    assert "x/y.jpg" in text


def _with_login() -> list[Any]:
    return [outcome(2, "http://user:secret@x/y.jpg", "x:80"), outcome(0, "http://user:secret@x/y.jpg", "x:80")]


@pytest.mark.parametrize("found", [busy(), hostile(), recap([])], ids=["busy", "hostile", "empty"])
def test_json_has_what_the_others_draw(found: Any) -> None:
    """The series, the causes with advice, and the totals."""
    read = json.loads(jsonfile.text(found))
    series = read["throughput"]
    assert len(series["images"]) == len(series["failures"]) == len(series["bytes"]) == len(found.course.bins)
    assert sum(read["run"]["failed"].values()) == sum(cause["count"] for cause in read["failures"])
    assert all(cause["advice"] for cause in read["failures"])


def test_the_picture_shows_when_failures_were() -> None:
    """In the page a bar in the colour of failures, in Markdown a row of marks."""
    page = Tags(html.text(busy())).found
    assert {attributes.get("class") for tag, attributes in page if tag == "rect"} == {"e1", "e2", "e3"}
    [marks] = [line for line in markdown.text(busy()).splitlines() if line.startswith("  failures")]
    assert 5 < marks.count("x") < 15


def test_a_report_is_whole_or_not_there(tmp_path: Path) -> None:
    """What stands under the name is the former one until the new one is written, and no part is left."""
    for suffix in WRITERS:
        path = tmp_path / f"report{suffix}"
        path.write_text("the former one")
        write(busy(), path)
        assert len(path.read_text("utf-8")) > 1000
    assert len(list(tmp_path.iterdir())) == 3


def test_a_report_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    """It names the file."""
    with pytest.raises(OutputError, match="no/such"):
        write(busy(), tmp_path / "no/such/report.md")


@pytest.mark.parametrize("name", ["report", "report.txt", "report.html.gz", ".html"])
def test_an_unknown_suffix_is_refused(name: str) -> None:
    """It names the ones there are."""
    with pytest.raises(UsageError, match=r"\.html, \.md, \.json"):
        check(Path(name))
