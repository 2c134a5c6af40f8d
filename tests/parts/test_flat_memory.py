"""Reading a list takes the memory of a line, not of the list."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.watching import LINUX

SHORT, LONG = 30_000, 300_000

MORE = 4 << 20
"""Bytes that the long list may take beyond the short one; kept in memory its lines would take twenty times that."""

READING = """
import sys
from pathlib import Path
from downloader.settings import Intake
from downloader.sources.files import Lists
count = sum(1 for _ in Lists((), [sys.argv[1]], Intake()))
lines = Path("/proc/self/status").read_text("ascii").splitlines()
print(count, next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")))
"""

WRITTEN: dict[str, Callable[[str], str]] = {
    "list.csv": lambda url: f'"{url}",a picture,"of, something"\n',
    "list.tsv": lambda url: f"{url}\ta picture\n",
    "list.jsonl": lambda url: json.dumps({"url": url, "caption": "a picture"}) + "\n",
    "list.txt.gz": lambda url: f"{url}\n",
}

HEADS = {"list.csv": "url,caption,more\n", "list.tsv": "url\tcaption\n"}


def peak(path: Path, count: int) -> int:
    """Give the most memory, in bytes, of a process that reads a list of so many lines."""
    line = WRITTEN[path.name]
    text = HEADS.get(path.name, "") + "".join(line(f"http://h{n % 100}.example/images/{n}.jpg") for n in range(count))
    path.write_bytes(gzip.compress(text.encode(), 1) if path.suffix == ".gz" else text.encode())
    done = subprocess.run([sys.executable, "-c", READING, path], capture_output=True, text=True, timeout=50, check=True)
    lines, memory = map(int, done.stdout.split())
    assert lines == count
    return memory


@LINUX
@pytest.mark.parametrize("name", WRITTEN)
def test_memory_is_flat(name: str, tmp_path: Path) -> None:
    """Ten times the lines take no more than one time, for what noise there is."""
    assert peak(tmp_path / name, LONG) - peak(tmp_path / name, SHORT) < MORE
