"""The records."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader import model
from downloader.model import Effort, Failed, Image, Report, Saved, Skipped, Task, outcome_fields

RECORDS = [kind for kind in vars(model).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
TASK = Task(3, "http://example.com/a.jpg", "example.com:80")
IMAGE = Image(2, "ab" * 32, "jpeg", "http://example.com/b.jpg")
EFFORT = Effort(attempts=2, seconds=1.23456789, first=10.0, last=12.0)
OUTCOMES = {
    "saved": Saved(TASK, "000003.jpg", IMAGE, EFFORT),
    "failed": Failed(TASK, "not-found", "status 404", EFFORT, 404),
    "skipped": Skipped(TASK, "twin", "same as line 1", "000001.jpg"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_records_are_slotted_and_can_be_hashed(kind):
    """A record is kept by the thousand, and stands in sets: it carries no dict, and is known by its values."""
    assert kind.__dataclass_params__.unsafe_hash
    assert "__slots__" in vars(kind)
    assert kind.__doc__
    assert not kind.__doc__.startswith(kind.__name__ + "(")


def test_records_are_frozen_for_the_type_checker(tmp_path):
    """A record passes between threads: whoever would change one is told before the program runs."""
    changes = [
        f"def change_{kind.__name__}(it: model.{kind.__name__}) -> None:\n"
        f"    it.{dataclasses.fields(kind)[0].name} = it.{dataclasses.fields(kind)[0].name}\n"
        for kind in RECORDS
    ]
    (tmp_path / "change.py").write_text("\n".join(["from downloader import model", *changes]))
    environment = {**os.environ, "MYPYPATH": str(Path(model.__file__).parents[1])}
    command = [sys.executable, "-m", "mypy", "--config-file", "", "--cache-dir", tmp_path / "cache", "change.py"]
    checked = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False, env=environment
    )
    refused = [line for line in checked.stdout.splitlines() if "is read-only" in line]
    assert len(refused) == len(RECORDS), checked.stdout


def test_columns_of_a_task_cannot_be_changed():
    """The default is shared by all tasks."""
    with pytest.raises(TypeError):
        TASK.columns["a"] = "b"


@pytest.mark.parametrize("status", OUTCOMES)
def test_outcomes_say_what_they_are(status):
    """Every outcome answers the same questions."""
    outcome = OUTCOMES[status]
    assert outcome.status == status
    assert outcome.task is TASK
    assert isinstance(outcome.effort, Effort)
    assert hasattr(outcome, "code")
    assert hasattr(outcome, "detail")
    assert hasattr(outcome, "path")


@pytest.mark.parametrize("status", OUTCOMES)
def test_outcomes_are_json(status):
    """Each outcome is one JSON object, with the same names whatever it is."""
    fields = json.loads(json.dumps(outcome_fields(OUTCOMES[status])))
    assert set(fields) == set(outcome_fields(OUTCOMES["saved"]))
    assert fields["type"] == "outcome"
    assert fields["status"] == status
    assert fields["index"] == 3
    assert fields["url"] == TASK.url


def test_the_json_of_a_saved_image():
    """What was stored, and what it cost."""
    assert outcome_fields(OUTCOMES["saved"]) == {
        "type": "outcome",
        "index": 3,
        "url": "http://example.com/a.jpg",
        "status": "saved",
        "code": None,
        "detail": None,
        "path": "000003.jpg",
        "bytes": 2,
        "sha256": "ab" * 32,
        "http_status": 200,
        "attempts": 2,
        "seconds": 1.234568,
    }


def test_the_json_of_a_failure():
    """Why there is no image, and under which status."""
    fields = outcome_fields(OUTCOMES["failed"])
    assert (fields["code"], fields["detail"], fields["http_status"]) == ("not-found", "status 404", 404)
    assert fields["path"] is fields["bytes"] is fields["sha256"] is None


def report(saved=0, skipped=0, permanent=0, transient=0, stopped=None):
    """Make a report of so many outcomes."""
    failed = {code: count for code, count in (("not-found", permanent), ("dns", transient)) if count}
    return Report(Path("out"), saved, skipped, failed, transient, stopped=stopped)


@pytest.mark.parametrize(
    ("made", "tolerate", "status"),
    [
        (report(), 0.0, 0),
        (report(saved=9), 0.0, 0),
        (report(skipped=9), 0.0, 0),
        (report(saved=9, permanent=1), 0.0, 3),
        (report(permanent=1), 0.0, 3),
        (report(saved=9, transient=1), 0.0, 4),
        (report(saved=9, transient=1, permanent=1), 0.0, 4),
        (report(transient=3), 0.0, 5),
        (report(transient=3, permanent=1), 0.0, 4),
        (report(transient=3, skipped=1), 0.0, 4),
        (report(saved=9, permanent=1), 0.1, 0),
        (report(saved=9, permanent=1), 0.09, 3),
        (report(saved=8, permanent=2), 0.1, 3),
        (report(transient=3), 1.0, 0),
        (report(saved=9, stopped="max-duration"), 0.0, 8),
        (report(saved=9, stopped="interrupt"), 0.0, 130),
        (report(saved=9, stopped="terminate"), 1.0, 143),
    ],
)
def test_exit_statuses(made, tolerate, status):
    """A script can tell how the list stands by the exit status."""
    assert made.exit_status(tolerate) == status


@given(st.integers(0, 100))
def test_failures_up_to_the_share_are_tolerated(percent):
    """Exactly so many per cent are tolerated and one more is not, for every whole per cent."""
    assert report(saved=100 - percent, permanent=percent).exit_status(percent / 100) == 0
    if percent < 100:
        assert report(saved=99 - percent, permanent=percent + 1).exit_status(percent / 100) == 3


def test_a_report_adds_up():
    """Failures of all codes and outcomes of all kinds are counted."""
    made = report(saved=5, skipped=3, permanent=2, transient=1)
    assert (made.failures, made.total) == (3, 11)
