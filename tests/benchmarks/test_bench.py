"""The benchmark itself, really run, on one small row."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks measure by Linux's own means"),
    pytest.mark.timeout(180),  # a dozen processes one after another, on a machine that runs other tests beside them
]

BENCH = str(Path(__file__).parents[2] / "benchmarks" / "bench.py")


def bench(*arguments):
    """Run it."""
    return subprocess.run([sys.executable, BENCH, *arguments], capture_output=True, text=True, timeout=170, check=False)


def test_a_row_is_measured_and_written(tmp_path):
    """Both files hold what the run printed: each image stored whole, twice, by real processes from real servers."""
    keep = ["--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    chosen = ["--rows", "latency", "--tools", "ours-async", "--jobs", "64"]
    ran = bench(*chosen, "--rounds", "2", "--images", "128", *keep)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out" / "tables.md").read_text("utf-8") in ran.stdout + "\n"
    assert "| ours-async | 64 |" in ran.stdout
    told = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))
    runs = [run for run in told["rows"]["latency"]["runs"] if run["course"] == "latency"]
    assert [(run["images"], run["usage"]["status"]) for run in runs] == [(128, 0)] * 2
    ideal = told["rows"]["latency"]["ideal"]["64"]
    assert all(ideal < run["usage"]["seconds"] < 170 for run in runs)
    assert all(run["usage"]["memory"] > 20 << 20 and run["usage"]["cpu"] > 0.1 and run["server"] >= 0 for run in runs)


def test_an_unknown_row_is_told(tmp_path):
    """The rows that there are stand in the same line."""
    ran = bench("--rows", "files,speed", "--out", str(tmp_path))
    assert ran.returncode == 2
    assert "no row is called speed: choose of files, latency, dead, https, resize, lines" in ran.stderr


def test_an_unknown_tool_is_told(tmp_path):
    """A name that no table knows would else run nothing, and say nothing."""
    ran = bench("--tools", "ours-async,wget", "--out", str(tmp_path))
    assert ran.returncode == 2
    assert "no tool is called wget: choose of ours-curl, " in ran.stderr
