"""Each lesson runs for real and keeps its claims; speed is no claim of a test."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

import downloader
from downloader.cli.lesson import command
from downloader.errors import UsageError
from downloader.lessons import LESSONS, daemon, gil, images, limits, locks
from downloader.lessons.notebook import Notebook, cores, gil_is_on
from downloader.lessons.primitives import PRIMITIVES
from downloader.lessons.timeline import Timeline

PACKAGE = Path(downloader.__file__).parent
SHORT = {"gil": 20_001, "cpu-in-c": 3}
CLAIMS = {"threads": 6, "daemon": 7, "join": 6, "primitives": 17, "images": 10, "gil": 1, "cpu-in-c": 1}


def studied(name):
    """Run a lesson at its shortest; give its notebook and what it told."""
    told = []
    book = Notebook(told.append)
    LESSONS[name].study(book, SHORT.get(name))
    return book, told


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_keeps_its_claims(name):
    """Every claim that must hold everywhere holds, none was left out, and the lanes are drawn."""
    book, told = studied(name)
    assert book.broken == []
    assert sum(line.startswith("  [yes] ") for line in told) == len(book.kept)
    assert len(book.kept) + len(book.unseen) >= CLAIMS[name]
    assert any("█" in line for line in told)


def test_a_claim_that_does_not_hold_ends_with_status_1(monkeypatch):
    """A guard that guards nothing is told as a broken claim, in the output and by the exit status."""
    monkeypatch.setattr(locks, "count_to_two", lambda _: 1)
    monkeypatch.setitem(LESSONS, "join", LESSONS["join"].__class__("locks", "for this test"))
    monkeypatch.setattr(locks, "lesson", locks.lock, raising=False)
    told = CliRunner().invoke(command, ["join"], standalone_mode=False)
    assert told.return_value == 1
    assert "[NO ] with it both arrive" in told.output
    assert "1 claims hold, 1 do not" in told.output


def test_what_a_machine_does_not_show_is_no_failure():
    """An expectation that is not met is told with its reason, and breaks nothing."""
    told = []
    book = Notebook(told.append)
    book.expect("it is faster", holds=False, otherwise="one core")
    assert told == ["  [not seen here] it is faster: one core"]
    assert (book.kept, book.broken, book.unseen) == ([], [], ["it is faster"])


@pytest.mark.parametrize("n", [2, 3, 1000, 100_001])
def test_no_number_is_lost_at_the_seam(n):
    """Two halves give the sum of 0 to n-1, for even and odd n."""
    halves = [("a", 0, n // 2), ("b", n // 2, n)]
    assert sum(part.total for part in gil.in_threads(halves)) == sum(range(n))


def test_processes_give_the_same_sum():
    """The parts come through the queue, each from a process of its own, and the sentinel is no part."""
    parts = gil.in_processes([("a", 0, 10), ("b", 10, 20)])
    assert sorted((part.worker, part.total) for part in parts) == [("a", 45), ("b", 145)]


def test_the_gil_is_asked_for(monkeypatch):
    """Where the interpreter can be asked, its answer counts; where not, there is a GIL."""
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert not gil_is_on()
    monkeypatch.delattr(sys, "_is_gil_enabled")
    assert gil_is_on()
    assert cores() >= 1


def test_without_a_gil_other_times_are_expected(monkeypatch):
    """The same times are judged by what the interpreter is, and by the number of cores."""
    one, two = (gil.Run("", [gil.Part("a", 0, 0.0, seconds, seconds)], seconds) for seconds in (4.0, 2.0))
    monkeypatch.setattr(gil, "cores", lambda: 2)
    for on, seen in ((True, 1), (False, 2)):
        monkeypatch.setattr(gil, "gil_is_on", lambda on=on: on)
        book = Notebook(lambda _: None)
        gil.judge(book, one, two, two)
        assert (len(book.kept), len(book.unseen)) == (seen, 2 - seen)
    monkeypatch.setattr(gil, "cores", lambda: 1)
    told = []
    gil.judge(Notebook(told.append), one, two, two)
    assert any(line.startswith("  one core") for line in told)


def test_a_semaphore_of_more_permits_lets_more_in():
    """What the limit lesson counts is the permits, not a constant."""
    assert limits.most_at_once(limits.threading.Semaphore(3), 3, Timeline()) == 3


def test_a_cut_thread_never_cleans_up():
    """The lane of a daemon that was cut ends with its process."""
    life = daemon.live(Notebook(lambda _: None), "", seconds=daemon.LONG, daemon=True)
    spans = {span.lane: span for span in daemon.drawn(life).spans}
    assert not daemon.cleaned(life)
    assert spans["worker"].ended == spans["process"].ended == life.ended


def test_the_excepthook_is_given_back():
    """After the lesson, threads die as loudly as before."""
    before = images.threading.excepthook
    with images.unhandled(Notebook(lambda _: None)):
        assert images.threading.excepthook is not before
    assert images.threading.excepthook is before


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.name)
def test_a_primitive_is_used_where_the_lesson_says(primitive):
    """The named file uses it; where none is named, no file does, but for the lessons."""
    users = {
        f"downloader/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*.py")
        if "lessons" not in path.parts and uses(path, primitive.name)
    }
    assert primitive.where in users if primitive.where else users == set()


def uses(path, name):
    """Tell whether a file calls a class of ``threading``."""
    text = path.read_text("utf-8")
    imported = re.search(rf"^from threading import .*\b{name}\b", text, re.M)
    return f"threading.{name}(" in text or bool(imported and re.search(rf"(?<![.\w]){name}\(", text))


def test_a_timeline_draws_each_lane_to_scale():
    """Lanes stand in the order of their beginnings; a span too short for a cell is seen."""
    timeline = Timeline()
    timeline.add("late", 15.0, 20.0)
    timeline.add("early", 10.0, 15.0)
    timeline.add("blink", 20.0, 20.0)
    assert list(timeline.draw(10)) == ["early █████·····", "late  ·····█████", "blink ·········█", "      0  10.00 s"]
    assert list(Timeline().draw()) == []


def test_a_size_is_refused_where_there_is_none():
    """The error names the lesson or the bound."""
    book = Notebook(lambda _: None)
    with pytest.raises(UsageError, match="'join' has no size"):
        LESSONS["join"].study(book, 5)
    with pytest.raises(UsageError, match=r"--n cannot be 1: .* choose 2 or more"):
        LESSONS["gil"].study(book, 1)


def test_without_pillow_the_error_says_what_to_install(monkeypatch):
    """The only lesson with an optional library names its extra."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UsageError, match=r"needs Pillow: pip install 'parallel-image-downloader\[process\]'"):
        LESSONS["cpu-in-c"].study(Notebook(lambda _: None), 2)


def test_the_list_names_all_seven():
    """Without a name the lessons are listed, a line each."""
    told = CliRunner().invoke(command, [])
    assert told.exit_code == 0
    assert [line.split()[0] for line in told.output.splitlines()[:7]] == list(LESSONS)


@pytest.mark.parametrize("path", sorted((PACKAGE / "lessons").glob("*.py")), ids=lambda path: path.stem)
def test_lessons_are_short_and_never_fork(path):
    """A file is read in one sitting, and no process starts by fork."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 180
    assert "os.fork" not in text
    assert not [
        call
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"multiprocessing.Process", "multiprocessing.Queue"}
    ]


@pytest.mark.parametrize("name", LESSONS)
def test_the_shown_default_is_the_lesson_s_own(name):
    """The size in the table is the one that the lesson has by itself."""
    defaults = import_module(f"downloader.lessons.{LESSONS[name].module}").lesson.__defaults__
    assert LESSONS[name].n == (defaults[0] if defaults else None)
