"""The image as it is built here: its base, and this machine's way to packages, which must leave no trace."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.container.engine import Engine, free_port

USUAL = "python:3.12-slim"
MADE = "localhost/downloader-test-base"
PULL_LIMIT = 180.0
MAKE_LIMIT = 420.0
BUILD_LIMIT = 420.0

# The last stage holds what this base holds: an interpreter, and nothing that compiles.
BOOTSTRAP = ["debootstrap", "--variant=minbase", "--include=ca-certificates,python3,python3-venv", "bookworm"]


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was built, and a word that stood in each of the secrets it was built with."""

    tag: str
    marks: tuple[str, ...]


@contextmanager
def base(engine: Engine) -> Iterator[str]:
    """Give the base image: BASE_IMAGE, the usual one where it can be pulled, or one of Debian's packages."""
    given = os.environ.get("BASE_IMAGE", "")
    if given or _is_there(engine, USUAL):
        yield _tried(engine, given or USUAL)
        return
    if obstacle := _obstacle():
        pytest.skip(f"{USUAL} cannot be pulled, BASE_IMAGE names no other, and none can be made here: {obstacle}")
    try:
        _make(engine)
        yield _tried(engine, MADE)
    finally:
        engine.run("rmi", "--force", MADE, status=None)


@contextmanager
def built(engine: Engine, base_image: str, home: Path) -> Iterator[Image]:
    """Build the image under a name of its own, and remove it at the end."""
    mark = secrets.token_hex(8)
    tag = f"localhost/downloader-test:{mark}"
    given = _secrets(home, mark)
    options = [word for name, path in given.items() for word in ("--secret", f"id={name},src={path}")]
    if Path(engine.program).name == "podman":  # chroot and the host's network do where namespaces are restricted
        options += ["--format", "docker", "--layers=false", "--isolation", "chroot", "--network", "host"]
    try:
        engine.run("build", *options, "--build-arg", f"BASE_IMAGE={base_image}", "--tag", tag, ".", limit=BUILD_LIMIT,
                   DOCKER_BUILDKIT="1")  # fmt: skip
        yield Image(tag, tuple(f"{name}-{mark}" for name in given))
    finally:
        engine.run("rmi", "--force", tag, status=None)


def _tried(engine: Engine, name: str) -> str:
    """Give a base image back that a container can be run from; where none can, that is no fault of ours."""
    network = f"downloader-test-{secrets.token_hex(4)}"
    where = ("--network", network, "--publish", f"127.0.0.1:{free_port()}:8080")
    try:
        made = engine.run("network", "create", network, status=None)
        trial = (
            made
            if made.status
            else engine.run("run", "--rm", "--read-only", "--cap-drop", "ALL", *where, name, "true", status=None)
        )
    finally:
        engine.run("network", "rm", network, status=None)
    if trial.status:
        pytest.skip(f"{engine.name} runs no container with a network of its own here: {trial.err.strip()}")
    return name


def _is_there(engine: Engine, name: str) -> bool:
    here = engine.run("image", "inspect", name, status=None)
    return here.status == 0 or engine.run("pull", name, status=None, limit=PULL_LIMIT).status == 0


def _obstacle() -> str:
    if os.getuid():
        return "debootstrap needs root"
    return "" if shutil.which(BOOTSTRAP[0]) else "debootstrap is not installed"


def _make(engine: Engine) -> None:
    with tempfile.TemporaryDirectory() as home:
        folder, archive = Path(home, "base"), Path(home, "base.tar")
        try:
            subprocess.run([*BOOTSTRAP, folder], check=True, stdout=subprocess.DEVNULL, timeout=MAKE_LIMIT)
        except subprocess.SubprocessError as error:
            pytest.skip(f"{USUAL} cannot be pulled, and no base was made: {error}")
        subprocess.run(["tar", "-C", folder, "-cf", archive, "."], check=True, timeout=MAKE_LIMIT)
        engine.run("import", archive, MADE, limit=MAKE_LIMIT)


def _secrets(home: Path, mark: str) -> Mapping[str, Path]:
    """Write pip's settings and the authorities that hold here, each with a word by which it would be found."""
    own = ("PIP_CERT", "PIP_CONFIG_FILE")
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and name not in own}
    lines = [f"{name[4:].lower().replace('_', '-')} = {' '.join(value.split())}" for name, value in settings.items()]
    given = {"pip": home / "pip.conf"}
    given["pip"].write_text("\n".join(["[global]", *lines, f"# pip-{mark}", ""]), encoding="utf-8")
    if authorities := os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"):
        given["ca"] = home / "authorities.pem"
        given["ca"].write_text(f"{Path(authorities).read_text('utf-8')}\n# ca-{mark}\n", encoding="utf-8")
    return given
