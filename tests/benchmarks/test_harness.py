"""What a benchmark may tell: whole process trees, in turn, and no run that did not store all."""

import re
import sys
import time
from dataclasses import replace

import pytest
from harness import children, report
from harness.children import Usage
from harness.contest import Contest
from harness.figures import Ratio
from harness.turns import Course, Fault, Run, Tool, Track, Unfit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks measure by Linux's own means")

URLS = ["http://127.0.0.1/0.jpg", "http://127.0.0.1/1.jpg"]

BURN = "import time; end = time.process_time() + {0}\nwhile time.process_time() < end: pass"


def python(code):
    """Give a command that runs code."""
    return [sys.executable, "-c", code]


def stores(count, name="storing"):
    """Give a tool that stores as many images of its list, each a file with its URL."""
    code = "\n".join(
        [
            "import pathlib, sys",
            "urls, folder = pathlib.Path(sys.argv[1]).read_text().split(), pathlib.Path(sys.argv[2])",
            f"for number, url in enumerate(urls[:{count}]): (folder / str(number)).write_text(url)",
        ]
    )
    return Tool(
        name,
        lambda urls, folder: [*python(code), str(urls), str(folder)],
        lambda _, folder: {path.read_text(): path for path in folder.iterdir()},
    )


def whole(stored):
    """Prove that each URL has its own file."""
    assert all(path.read_text() == url for url, path in stored.items())
    return {"files": float(len(stored))}


@pytest.fixture
def track(tmp_path):
    """Give a folder to run in, and a clock."""
    return Track(tmp_path, time.process_time)


def test_tools_take_turns_each_in_a_new_folder(track):
    """The runs come A B A B, each has stored all, and nothing is deleted in between."""
    course = Course("two", URLS, whole)
    runs = list(track.turns([(stores(2, "a"), course), (stores(2, "b"), course)], 2))
    assert [run.tool for run in runs] == ["a", "b", "a", "b"]
    assert [run.figures for run in runs] == [{"files": 2.0}] * 4
    assert all(run.rate == 2 / run.usage.seconds for run in runs)
    assert len([path for path in track.folder.iterdir() if path.is_dir()]) == 4


def faults(track, tool, proof=whole):
    """Give the faults of a tool that has two turns."""
    return list(track.turns([(tool, Course("two", URLS, proof))], 2))


def test_a_tool_that_skips_an_image_is_not_measured(track):
    """A missing image makes a tool look fast: the run is refused, the image named, and the tool has no second turn."""
    [fault] = faults(track, stores(1))
    reason = "1 of 2 images are missing, the first of them 'http://127.0.0.1/1.jpg'"
    assert fault == Fault("storing", "two", reason)


def test_a_tool_that_stores_more_is_not_measured(track):
    """A file that nobody asked for, such as one half written, is told."""
    tool = stores(2)

    def stored(urls, folder):
        (folder / "x.part").write_text(f"{folder}/x.part")
        return tool.stored(urls, folder)

    [fault] = faults(track, replace(tool, stored=stored))
    assert re.fullmatch(r"1 files were stored that nobody asked for, one of them '.*/x\.part'", fault.reason)


def test_a_tool_that_fails_is_not_measured(track):
    """The status counts although all is stored, and the reason says what the tool said."""
    tool = Tool("failing", lambda *_: python("import sys; print('out of luck'); sys.exit(3)"), lambda *_: {})
    [fault] = faults(track, tool)
    assert fault.reason == "it ended with status 3, saying 'out of luck'"


def test_a_result_that_is_wrong_is_not_measured(track):
    """What the proof refuses is told."""

    def refuse(_):
        raise Unfit("grey")

    assert faults(track, stores(2), refuse) == [Fault("storing", "two", "grey")]


def test_orphans_are_counted(tmp_path):
    """The CPU of a process that the command did not wait for counts, as a fork server's must."""
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN.format(0.5)!r}])"
    usage = children.run(python(orphan), tmp_path / "log", 30)
    assert usage.status == 0
    assert usage.cpu >= 0.5


def test_memory_is_that_of_the_largest_process(tmp_path):
    """A grandchild's peak is seen, in bytes."""
    hold = "import time; held = bytearray(200 << 20); time.sleep(2)"
    large = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    usage = children.run(python(large), tmp_path / "log", 30)
    assert 200 << 20 <= usage.memory < 300 << 20


def test_a_command_past_its_limit_is_killed_with_its_children(tmp_path):
    """Neither the command nor what it started holds the benchmark up."""
    begin = time.monotonic()
    asleep = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(50)'])"
    usage = children.run(python(f"{asleep}; time.sleep(50)"), tmp_path / "log", 1)
    assert usage.status == -9
    assert time.monotonic() - begin < 30


def test_a_ratio_has_an_interval_that_a_seed_decides():
    """The ratio is that of the medians; its interval holds it, and is the same in every run."""
    ours, theirs = [10.0, 11.0, 12.0, 13.0, 40.0], [5.0, 6.0, 6.0, 6.0, 7.0]
    ratio = Ratio.of(ours, theirs)
    assert ratio.value == 2.0
    assert 10 / 7 <= ratio.low < 2.0 < ratio.high <= 40 / 5
    assert ratio == Ratio.of(ours, theirs)
    assert Ratio.of([6.0] * 5, [3.0] * 5) == Ratio(2.0, 2.0, 2.0)


def test_memory_is_told_process_by_process(tmp_path):
    """Each process of the tree has a peak of its own, the largest first."""
    hold = "import time; held = bytearray({0} << 20); time.sleep(2)"
    two = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold.format(100)!r}])"
    usage = children.run(python(two), tmp_path / "log", 30)
    assert len(usage.processes) == 2
    large, small = (process.peak for process in usage.processes)
    assert large >= 100 << 20 > small
    assert usage.memory == large


def test_tables_tell_medians_with_their_spread():
    """A row holds the median, the least and the most of its runs, and the rate with the start-up taken out."""

    def runs(images, *seconds):
        return [Run("a", "-", images, Usage(each, 3.0, 64 << 20, 0), 0.5, {"dB": 40.0}) for each in seconds]

    row = report.rates(Contest({"a": runs(101, 2.0, 3.0, 4.0)}, {"a": runs(1, 1.0)})).splitlines()[-1]
    rates = "101 | 33.7 (25.2 to 50.5) | 1.00 | 50.0"
    costs = "29.70 | 1.00 (0.75 to 1.50) | 4.95 | 64 | 40.0"
    assert row == f"| a | {rates} | {costs} |"
