"""The trace keeps the rules of its format."""

import copy
import gzip
import json
from pathlib import Path

import pytest

from downloader.comparison.raw import read
from downloader.comparison.trace import trace, write
from tests.comparison.raw import Made, document, hostile
from tests.support.tracing import faults


@pytest.fixture(scope="module")
def made() -> dict:
    """Give a sound trace."""
    return trace(read(document(Made(images=40, jobs=4, runs=2, sweep=(1, 4)))))


def test_a_trace_keeps_the_rules(made: dict) -> None:
    """A process a run, a complete event an attempt, its phases inside it, all of it named."""
    assert faults(made) == []
    attempts = [event for event in made["traceEvents"] if event.get("cat") == "attempt"]
    assert len(attempts) == 40 * (6 + 12)
    assert len({event["pid"] for event in made["traceEvents"]}) == 18
    first = attempts[0]
    inside = [event for event in made["traceEvents"] if event.get("cat") == "phase" and event["pid"] == first["pid"]]
    within = [event["dur"] for event in inside if first["ts"] <= event["ts"] < first["ts"] + first["dur"]]
    assert sum(within) == first["dur"] > 50_000


def test_a_hostile_trace_keeps_the_rules() -> None:
    """Names with quotes and controls make no unsound JSON."""
    assert faults(json.loads(json.dumps(trace(read(hostile()))))) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"ts": -1}, "ts and dur"),
        ({"dur": float("nan")}, "ts and dur"),
        ({"dur": None}, "ts and dur"),
        ({"pid": "1"}, "pid is '1'"),
        ({"tid": 99}, "it has no name"),
        ({"ph": "Q"}, "phase is 'Q'"),
        ({"name": None}, "name is None"),
        ({"dur": 10**9}, "overlaps"),
    ],
)
def test_a_broken_rule_is_named(made: dict, change: dict, fault: str) -> None:
    """Each rule is looked at."""
    broken = copy.deepcopy(made)
    event = next(event for event in broken["traceEvents"] if event["name"] == "first byte")
    event.update(change)
    assert any(fault in line for line in faults(broken))


def test_a_trace_without_names_is_named(made: dict) -> None:
    """Metadata is missed, and so is the list of events."""
    assert "has no name" in faults({"traceEvents": [one for one in made["traceEvents"] if one["ph"] == "X"]})[0]
    assert faults([]) == faults({"traceEvents": {}}) == ["the trace is no object with a list of traceEvents"]


def test_a_trace_is_packed_where_its_name_says_so(tmp_path: Path) -> None:
    """The same trace, plain and packed; nothing else is left in the folder."""
    comparison = read(document(Made(images=5, runs=1)))
    write(comparison, tmp_path / "trace.json")
    write(comparison, tmp_path / "trace.json.gz")
    plain = json.loads((tmp_path / "trace.json").read_bytes())
    assert plain == json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes())) == trace(comparison)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trace.json", "trace.json.gz"]
