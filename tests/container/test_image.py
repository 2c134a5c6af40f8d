"""The image: what is in it, and what is not."""

import json
import re
import subprocess

import pytest

from tests.container.building import Image
from tests.container.engine import Engine

pytestmark = [pytest.mark.container, pytest.mark.timeout(1200)]

PIECE = 1 << 20
KNOWN = b"Make what the engine is made with"
"""Words of the package's: as they are found in the layers, so would others be."""

FACTS = """
import importlib.metadata, importlib.util, json, os, shutil
from downloader.cli.layers import ready_made
print(json.dumps({
    "user": os.getuid(),
    "package": os.path.dirname(importlib.util.find_spec("downloader").origin),
    "installer": importlib.metadata.distribution("parallel-image-downloader").read_text("INSTALLER").strip(),
    "settings": ready_made("default").is_file(),
    "extras": importlib.util.find_spec("PIL") is not None,
    "tools": [name for name in ("cc", "gcc", "g++", "make", "git") if shutil.which(name)],
    "pip": os.path.exists("/opt/downloader/bin/pip"),
    "sources": [name for name in ("/src", "/wheels", "/pip") if os.path.exists(name)],
    "own": [name for name in os.listdir("/opt/downloader/lib") if os.stat(f"/opt/downloader/lib/{name}").st_uid],
}))
"""


def python(engine: Engine, image: Image, code: str) -> str:
    """Run code in a container of the image."""
    return engine.run("run", "--rm", "--network", "none", "--entrypoint", "python", image.tag, "-c", code).out


def test_what_is_installed(engine: Engine, image: Image):
    """The wheel with its settings and Pillow, run by user 10001; no source tree, no pip, nothing that compiles."""
    facts = json.loads(python(engine, image, FACTS))
    assert re.fullmatch(r"/opt/downloader/lib/python3\.\d+/site-packages/downloader", facts.pop("package"))
    assert facts == {
        "user": 10001, "installer": "pip", "settings": True, "extras": True,
        "tools": [], "pip": False, "sources": [], "own": [],
    }  # fmt: skip


def test_how_it_starts(engine: Engine, image: Image):
    """Without arguments it explains itself; a wrong one is status 2."""
    said = engine.run("run", "--rm", "--network", "none", image.tag).out
    assert "Usage: downloader" in said
    assert engine.run("run", "--rm", "--network", "none", image.tag, "fetch", status=2).out == ""


def test_its_health_is_looked_at(engine: Engine, image: Image):
    """The image carries the check of its health, which engines run by themselves."""
    [said] = json.loads(engine.run("image", "inspect", image.tag).out)
    check = said.get("Healthcheck") or said["Config"]["Healthcheck"]  # podman's place, and Docker's
    assert check["Test"] == ["CMD", "downloader", "health"]


def test_no_secret_is_left(engine: Engine, image: Image):
    """Neither pip's settings nor the authorities it was built with stand in a layer or in the history."""
    marks = [mark.encode() for mark in image.marks]
    assert marks
    assert found(engine, image, [*marks, KNOWN]) == {KNOWN}


def found(engine: Engine, image: Image, words: list[bytes]) -> set[bytes]:
    """Give those of the words that stand in the image's layers, its settings or its history."""
    seen, tail = set(), b""
    with subprocess.Popen(
        [engine.program, "save", image.tag], stdout=subprocess.PIPE, env=engine.environment
    ) as saving:
        while piece := saving.stdout.read(PIECE):
            seen.update(word for word in words if word in tail + piece)
            tail = piece[-100:]
    assert saving.returncode == 0
    return seen
