"""``downloader compare``, as a person runs it."""

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from downloader import InputError, OutputError, UsageError, compare
from downloader.comparison import raw
from downloader.comparison.lanes import lay
from downloader.comparison.others import Moment
from downloader.comparison.race import Entry, turns
from downloader.imageserver import Plan
from tests.doors.running import Ran, arguments, finish, run, start, write_list
from tests.support.hostile import HostileServer
from tests.support.proxy import Proxy
from tests.support.tracing import faults

SMALL = ("compare", "--images", 40, "--hosts", 8, "--latency", "20ms")

BROKEN = '''
import dataclasses
from downloader import registry

registry.ENGINES["broken"] = "sitecustomize:Broken"


def shortened(result):
    """Drop the last byte of the seventh image."""
    if result.task.index != 7 or not hasattr(result, "payload"):
        return result
    payload = dataclasses.replace(result.payload, body=result.payload.body[:-1])
    return dataclasses.replace(result, payload=payload)


class Broken:
    def __init__(self, kit):
        from downloader.engines.threads import ThreadEngine
        self.engine = ThreadEngine(kit)

    def fetch(self, schedule, control, emit):
        for results in self.engine.fetch(schedule, control, emit):
            yield [shortened(result) for result in results]
'''


def test_runs_take_turns():
    """Forth and back, so that whatever drifts hits all alike."""
    entries = [Entry(name, 1) for name in "abc"]
    assert "".join(entry.engine for _, entry in turns(entries, 3)) == "abccbaabc"


def test_all_that_is_told(tmp_path: Path):
    """Tables for people, a page, a trace, and the raw data, of one and the same comparison."""
    page, traced = tmp_path / "compare.html", tmp_path / "trace.json.gz"
    ran = run(*SMALL, "--runs", 1, "--sweep", "2,8", "--report", page, "--trace", traced, "--json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert [result["engine"] for result in told["results"]] == ["sequential", "thread", "async"]
    assert {(result["engine"], result["jobs"]) for result in told["sweep"]} == {
        (engine, jobs) for engine in ("thread", "async") for jobs in (2, 8)
    }
    assert len({result["digest"] for result in told["results"] + told["sweep"]}) == 1
    for result in told["results"]:
        assert (result["saved"], len(result["attempts"])) == (40, 40)
        assert result["seconds"] > 0
        assert result["startup"] > 0
        assert result["others"] is None or 0 <= result["others"] <= 1
    for run_of in raw.read(told).runs.values():
        lanes = len(lay(run_of[0]))
        assert lanes == 1 if run_of[0].engine == "sequential" else 1 < lanes <= 16
    assert page.read_text("utf-8").lower().startswith("<!doctype html>")
    assert page.stat().st_size < 1 << 20
    with gzip.open(traced) as file:
        assert faults(json.load(file)) == []


def test_waiting_together_is_worth_it():
    """Many at once are many times as fast as one after another, and the first line says so."""
    ran = run("compare", "--images", 48, "--hosts", 16, "--latency", "50ms", "--runs", 4)
    assert ran.status == 0, ran.err
    assert "times as fast" in ran.out.splitlines()[0]


def test_an_engine_beside_itself():
    """Named twice it is told apart, and neither is always the first of a turn."""
    ran = run(*SMALL, "--engines", "async,async", "--runs", 4, "--json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert [result["seat"] for result in told["results"]] == [0, 1, 1, 0, 0, 1, 1, 0]
    assert list(raw.read(told).runs) == ["async", "async (2)"]


def test_a_broken_engine_is_caught(tmp_path: Path):
    """One that drops a byte of one image is named, and the comparison fails."""
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    command = ["env", f"PYTHONPATH={tmp_path}", *arguments(*SMALL)]
    ran: Ran = finish(start("--engines", "thread,broken,async", "--runs", 1, command=command))
    assert ran.status == 1, ran.err
    assert "broken" in ran.out.splitlines()[0]


def test_a_list_of_ones_own(tmp_path: Path, hostile: HostileServer):
    """Failures are told with the rest, and each engine asks for the same."""
    list_of = write_list(tmp_path / "urls.txt", [hostile.url("/good.jpg"), hostile.url("/404.jpg")])
    ran = run("compare", "-i", list_of, "--engines", "thread,async", "--runs", 1, "--allow-private", "--json")
    assert ran.status == 0, ran.err
    for result in json.loads(ran.out)["results"]:
        assert (result["saved"], result["failed"]) == (1, {"not-found": 1})


def test_the_environment_holds_for_every_run(tmp_path: Path, hostile: HostileServer):
    """The runs are processes of their own, and still ask through the proxy that the environment names."""
    list_of = write_list(tmp_path / "urls.txt", ["http://pictures.example/good.jpg"])
    with Proxy({"pictures.example:80": ("127.0.0.1", hostile.port)}, login="me:secret") as proxy:
        named = proxy.url.replace("//", "//me:secret@")
        command = ["env", f"http_proxy={named}", *arguments("compare", "-i", list_of)]
        ran = finish(start("--engines", "thread,async", "--runs", 1, "--json", command=command))
    assert ran.status == 0, ran.err
    assert [result["saved"] for result in json.loads(ran.out)["results"]] == [1, 1]
    assert len(proxy.asked) == 4  # a warm-up and a run of each
    assert "secret" not in ran.out + ran.err


def test_what_others_hold_of_the_machine_is_told_apart():
    """A process that burns a core is seen, and this process's own work is not taken for another's."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as burning:
        try:
            began = Moment.now()
            until = time.monotonic() + 2
            while time.monotonic() < until:
                pass
            loaded = began.others_until(Moment.now(), 1)
        finally:
            burning.kill()
    own = Moment(0.0, 10.0, 5.0).others_until(Moment(2.0, 12.0, 7.0), 2)
    assert loaded is not None
    assert loaded > 0.2
    assert own == 0.0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--engines", "thred"), "did you mean 'thread'"),
        (("--sweep", "1,x"), "--sweep cannot be '1,x'"),
        (("--latency", "soon"), "--latency cannot be 'soon'"),
        (("-i", "/nowhere/urls.txt"), "there is no list"),
        (("--report", "/nowhere/page.html"), "--report cannot be '/nowhere/page.html'"),
        (("--trace", "/nowhere/trace.json"), "--trace cannot be '/nowhere/trace.json'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(wrong, said):
    """And nothing runs."""
    ran = run("compare", *wrong)
    assert ran.status in (2, 7)
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_from_python(tmp_path: Path, hostile: HostileServer):
    """A program gets the verdict, whether the bytes were the same, and the figures; and the page, if it wants one."""
    urls = [hostile.url("/good.jpg"), hostile.url("/404.jpg")]
    page = tmp_path / "page.html"
    found = compare(urls, engines=("thread", "async"), runs=1, report=page, allow_private=True, jobs=2)
    assert found.identical
    assert found.verdict.startswith("Too few runs to judge by")
    assert [(one.engine, one.runs[0].saved, one.runs[0].jobs) for one in found.figures] == [
        ("thread", 1, 2),
        ("async", 1, 2),
    ]
    assert "not-found" in page.read_text("utf-8")


def test_from_python_on_the_built_in_server():
    """Without URLs it serves some itself; a list without any is refused, and an engine that there is not."""
    found = compare(engines=("async",), runs=1, server=Plan(hosts=2, latency=0.0), images=6)
    assert found.comparison.server == {**(found.comparison.server or {}), "hosts": 2, "latency": 0.0}
    assert found.figures[0].runs[0].saved == 6
    with pytest.raises(InputError, match="holds no URLs"):
        compare([], runs=1)
    with pytest.raises(UsageError, match="did you mean 'thread'"):
        compare(engines=("thraed",))


def test_a_page_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path):
    """A program hears of it as of every output that is lost, and no part is left."""
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OutputError, match=r"page\.html"):
        compare(engines=("async",), runs=1, server=Plan(latency=0.0), images=2, report=tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
