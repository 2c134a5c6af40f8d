"""An engine, the image built once, and a compose project for each module; all is removed at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.building import Image, base, built
from tests.container.engine import Engine, find
from tests.container.project import Project

USED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the list of what is used."""
    config.stash[USED] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which engine ran, and on which base."""
    for line in config.stash[USED]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Engine:
    """Give this machine's engine, and say which."""
    found = find(tmp_path_factory.mktemp("engine"))
    if isinstance(found, str):
        pytest.skip(f"no container engine: {found}")
    request.config.stash[USED].append(f"engine: {found.name}")
    return found


@pytest.fixture(scope="session")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Image]:
    """Give the image, built of what the source tree holds."""
    with base(engine) as name, built(engine, name, tmp_path_factory.mktemp("build")) as image:
        request.config.stash[USED].append(f"base: {name}")
        yield image


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a folder that other users can look into, as those of a container must."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path


@pytest.fixture
def project(engine: Engine, image: Image, home: Path) -> Iterator[Project]:
    """Give a compose project without containers yet."""
    if not engine.compose:
        pytest.skip(
            f"nothing reads compose files for {engine.name}: docker compose does, or podman-compose (make install)"
        )
    project = Project(engine, image, home)
    try:
        yield project
    finally:
        project.close()
