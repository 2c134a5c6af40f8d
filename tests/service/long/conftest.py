"""A service and a slow image server for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.service.serving import Served, images


@pytest.fixture
def server() -> Iterator[ImageServer]:
    """Give a server that takes its time: 300 images, 8 at once, are some 4 s."""
    with images(latency=0.1) as running:
        yield running


@pytest.fixture
def service(data: Path) -> Iterator[Served]:
    """Give a service of the test's own."""
    with Served(data, "--allow-host", "127.0.0.1", "--max-running", 1) as running:
        yield running
