"""A service and an image server for a file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.service.serving import Served, images
from tests.service.strangers import TOKEN


@pytest.fixture(scope="module")
def server() -> Iterator[ImageServer]:
    """Give a quick image server."""
    with images() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that may ask the image server."""
    with Served(tmp_path_factory.mktemp("served") / "data", "--allow-host", "127.0.0.1", "--max-urls", 3000) as running:
        yield running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Give a folder for a service of the test's own."""
    return tmp_path / "data"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that asks for a token, with small bounds."""
    folder = tmp_path_factory.mktemp("closed") / "data"
    flags = ("--max-request", "200k", "--max-list", "300k", "--max-urls", 1000)
    with Served(folder, *flags, token=TOKEN) as running:
        yield running
