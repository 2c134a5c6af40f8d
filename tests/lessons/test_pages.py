"""The pages stay true: their commands exist, their languages are in step, their links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

from downloader.cli import COMMANDS, _downloader
from downloader.lessons import LESSONS

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "lessons").glob("*.md"))
PAIRS = [(page.with_suffix("").with_suffix(".md"), page) for page in PAGES if page.name.endswith(".ko.md")]
FRONT = (ROOT / "README.md", ROOT / "README.ko.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")


def blocks(page, *kinds):
    """Give the code blocks of a page: all of them, or those of some kinds."""
    found = FENCE.findall(page.read_text("utf-8"))
    return [text for kind, text in found if not kinds or kind in kinds]


def tables(page):
    """Give the number of rows of each table, its head included."""
    text = FENCE.sub("", page.read_text("utf-8"))
    return [len(table.splitlines()) for table in re.findall(r"(?:^\|.*\n)+", text, re.M)]


def commands(page):
    """Give each call of the program in a page, as words."""
    lines = [line[2:] for text in blocks(page, "console") for line in text.splitlines() if line.startswith("$ ")]
    spans = re.findall(r"`(downloader [^`]+)`", FENCE.sub("", page.read_text("utf-8")))
    return [shlex.split(line.partition("#")[0]) for line in (*lines, *spans) if line.startswith("downloader ")]


def test_every_lesson_has_its_pages():
    """One page a lesson in English and in Korean, an index, and nothing else."""
    names = {"README.md"} | {f"{name}{suffix}" for name in LESSONS for suffix in (".md", ".ko.md")}
    assert {page.name for page in PAGES} - {"README.ko.md"} == names


@pytest.mark.parametrize("page", [*PAGES, *FRONT], ids=lambda page: f"{page.parent.name}-{page.name}")
def test_every_command_exists(page):
    """What a page tells to type is a command with these flags, and a lesson of that name."""
    found = commands(page)
    assert found
    for _, name, *words in found:
        assert name in COMMANDS
        command = _downloader.commands.get(name) or _downloader.get_command(None, name)
        flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
        asked = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert asked <= flags | {"--help"}, (name, asked - flags)
        if name == "lesson" and words and words[0] != "NAME":
            assert words[0] in LESSONS


@pytest.mark.parametrize(("english", "korean"), [FRONT, *PAIRS], ids=lambda page: f"{page.parent.name}-{page.name}")
def test_the_languages_are_in_step(english, korean):
    """Both have the same code blocks and headings, and tables of as many rows."""
    assert english.is_file()
    assert blocks(korean) == blocks(english)
    assert tables(korean) == tables(english)
    heads = [len(re.findall(r"^#+ ", FENCE.sub("", page.read_text("utf-8")), re.M)) for page in (english, korean)]
    assert heads[0] == heads[1]
    assert re.search("[가-힣]", korean.read_text("utf-8"))


@pytest.mark.parametrize("page", [*PAGES, FRONT[1]], ids=lambda page: f"{page.parent.name}-{page.name}")
def test_every_link_leads_to_a_file(page):
    """A page names only files that are there."""
    assert [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_shows_claims_that_the_lesson_makes(name):
    """The output shown is the lesson's own: its claims stand in the lesson's source."""
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "downloader" / "lessons").glob("*.py"))
    page = ROOT / "docs" / "lessons" / f"{name}.md"
    shown = re.findall(r"^  \[yes\] (.+)$", "\n".join(blocks(page, "text")), re.M)
    assert shown
    texts = re.sub(r"\{[^{}]*\}", "{}", sources)
    assert [claim for claim in shown if not any(said(claim, text) for text in re.findall(r'"([^"\n]+)"', texts))] == []


def said(claim, text):
    """Tell whether a claim may be what a text of the source became, its fields filled in."""
    return re.fullmatch(".+".join(map(re.escape, text.split("{}"))), claim) is not None
