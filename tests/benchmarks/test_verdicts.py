"""What is said of the figures: bars, tools without figures, memory that is flat."""

import sys

import pytest
from harness import ours, report
from harness.bars import Bar
from harness.children import Usage
from harness.contest import Contest, line
from harness.memory import POINTS, Process, curve
from harness.packages import Absent, program
from harness.turns import Course, Run, Tool, Track


def runs(images, *seconds):
    """Give runs of so many images."""
    return [Run("-", "-", images, Usage(each, 1.0, 1, 0), 0.0, {}) for each in seconds]


@pytest.mark.parametrize(
    ("bar", "value", "said"),
    [
        (Bar("a", "b", 2.0), 2.0, "met"),
        (Bar("a", "b", 2.0), 1.5, "missed by 25%"),
        (Bar("a", "b", 2.0, at_most=True), 2.0, "met"),
        (Bar("a", "b", 2.0, at_most=True), 2.5, "missed by 25%"),
        (Bar("a", "b"), 2.5, "-"),
    ],
)
def test_a_bar_is_met_or_missed_by_so_much(bar, value, said):
    """At least and at most are told apart, and the bar itself is met."""
    assert bar.verdict(value) == said


def test_an_interval_on_both_sides_of_the_bar_is_noise():
    """Only one that lies on one side is sure."""
    assert Bar("a", "b", 2.0).verdict(2.1, 1.9, 2.3) == "met, within the noise"
    assert Bar("a", "b", 2.0).verdict(2.1, 2.05, 2.3) == "met"


def test_lists_of_different_lengths_are_compared_without_the_start_up():
    """100 images in 3 s, 1 s of it start-up, against 10 in 11 s with 2 s: 49.5 a second against 1."""
    contest = Contest({"a": runs(100, 3.0), "b": runs(10, 11.0)}, {"a": runs(1, 1.0), "b": runs(1, 2.0)})
    [row] = report.ratios(contest, [Bar("a", "b", 50)]).splitlines()[2:]
    assert row == "| a | b | 49.50 (49.50 to 49.50) | - | ≥ 50 | missed by 1% |"


def test_the_same_list_is_also_compared_whole():
    """The ratio of whole runs stands beside the other."""
    contest = Contest({"a": runs(100, 3.0), "b": runs(100, 4.0)}, {"a": runs(1, 1.0), "b": runs(1, 1.0)})
    [row] = report.ratios(contest, [Bar("a", "b", 1.0)]).splitlines()[2:]
    assert row == "| a | b | 1.50 (1.50 to 1.50) | 1.33 (1.33 to 1.33) | ≥ 1 | met |"


def test_a_bar_may_be_held_by_whole_runs():
    """3 s against 4 s miss 1.4 by a little; without a second of start-up each they meet it."""
    contest = Contest({"a": runs(100, 3.0), "b": runs(100, 4.0)}, {"a": runs(1, 1.0), "b": runs(1, 1.0)})
    bars = [Bar("a", "b", 1.4)]
    assert report.ratios(contest, bars, held_by_whole=True).endswith("| missed by 5% |")
    assert report.ratios(contest, bars).endswith("| met |")


def test_a_run_that_is_mostly_start_up_gives_no_figure():
    """What is left of it would be chance."""
    contest = Contest({"a": runs(100, 1.05), "b": runs(100, 4.0)}, {"a": runs(1, 1.0), "b": runs(1, 1.0)})
    assert "no figure: too short a run" in report.ratios(contest, [Bar("a", "b", 1.0)])


def test_a_tool_without_figures_gives_no_ratio():
    """Its row says who is missing."""
    contest = Contest({"a": runs(10, 1.0)}, {"a": runs(1, 0.1)}, {"b": "not here: b is not installed"})
    assert report.ratios(contest, [Bar("a", "b", 1.0)]).endswith("| no figure: b |")
    assert report.rates(contest).endswith("\n\n- b: not here: b is not installed")


def test_a_fault_takes_the_tools_figures_and_leaves_the_others(tmp_path):
    """A tool that skips in its second round has none; the other runs on."""
    code = """if 1:
        import pathlib, sys
        urls, folder = pathlib.Path(sys.argv[1]).read_text().split(), pathlib.Path(sys.argv[2])
        tried = pathlib.Path(sys.argv[3])
        with tried.open('a') as file: file.write('x')
        skip = len(urls) > 1 and tried.stat().st_size == int(sys.argv[4])
        for number, url in enumerate(urls[skip:]): (folder / str(number)).write_text(url)
    """

    def tool(name, fault):
        tried = str(tmp_path / f"{name}.tried")
        return Tool(
            name,
            lambda urls, folder: [sys.executable, "-c", code, str(urls), str(folder), tried, str(fault)],
            lambda _, folder: {path.read_text(): path for path in folder.iterdir()},
        )

    (tmp_path / "runs").mkdir()
    course = Course("two", ["http://127.0.0.1/0", "http://127.0.0.1/1"], lambda _: {})
    start = Course("start-up", course.urls[:1], lambda _: {})
    contest = Contest()
    # The fifth start: one that is not counted, then in each round one on the list of one image and one on the course.
    contest.hold(Track(tmp_path / "runs", lambda: 0.0), start, [(tool("bad", 5), course), (tool("good", 0), course)], 2)
    assert list(contest.runs) == list(contest.starts) == ["good"]
    assert len(contest.runs["good"]) == len(contest.starts["good"]) == 2
    assert contest.without["bad"].startswith("no figures: on 'two' 1 of 2 images are missing")


def test_a_tool_that_is_not_here_is_noted():
    """The others are gathered, with the command lines that will stand in the table."""

    def absent():
        raise Absent("it is not installed")

    contest = Contest()
    tool = Tool("a", lambda urls, folder: ["/opt/somewhere/a", str(urls), str(folder)], lambda *_: {})
    assert contest.gather([("b", absent), ("a", lambda: tool)]) == [tool]
    assert contest.without == {"b": "not here: it is not installed"}
    assert contest.commands == {"a": "a LIST FOLDER"}


def test_command_lines_hold_no_folder_of_this_machine():
    """Only the last part of a path is told."""
    assert line(["/usr/bin/python", "/home/me/x.py", "--dir=/tmp/1", "-x1"]) == "python x.py --dir=/tmp/1 -x1"


def test_an_engine_that_ours_does_not_know_is_not_here():
    """Whether it runs is asked of the program itself, without asking anybody else."""
    downloader = [sys.executable, "-m", "downloader"]
    ours.known(downloader, ["--engine", "async"])
    with pytest.raises(Absent, match="there is no engine 'telepathy'"):
        ours.known(downloader, ["--engine", "telepathy"])
    with pytest.raises(Absent, match="No such option '--crystal-balls'"):
        ours.known(downloader, ["--engine", "async", "--crystal-balls", "2"])


def test_a_program_that_cannot_be_had_is_not_here(monkeypatch):
    """Who may not install anything is told which package it is."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Absent, match=r"no-such-program is not installed .*apt-get install some-package"):
        program("no-such-program", "some-package")


def test_memory_that_grows_is_not_flat():
    """Growth is the last quarter over the second: the first is for growing up."""

    def process(held):
        looks = [(float(second), held(second)) for second in range(200)]
        return Process(1, "p", 0, curve(looks))

    assert process(lambda second: 100 if second > 30 else 10).growth == 1.0
    assert process(lambda second: 100 + second).growth == pytest.approx(299 / 200, rel=0.02)
    assert process(lambda second: 500 if second == 20 else 100).growth == 1.0
    assert len(process(lambda _: 1).curve) == POINTS


def test_a_process_that_was_seen_too_seldom_tells_nothing():
    """A curve needs a look in each of its stretches."""
    assert Process(1, "p", 7, curve([(0.0, 5), (1.0, 9)])).growth == 1.0
    assert Process(1, "p", 7, curve([(0.0, 5)])).growth == 1.0
