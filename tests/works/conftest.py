"""What tests of whole jobs may ask for."""

from pathlib import Path

import pytest

from tests.support.hostile import HostileServer
from tests.works.folder import Folder


@pytest.fixture
def folder(hostile: HostileServer, tmp_path: Path) -> Folder:
    """Give an empty folder."""
    return Folder(hostile, tmp_path / "images")
