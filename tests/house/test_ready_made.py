"""The ready-made settings are what they say."""

import tomllib
from pathlib import Path

import pytest

from downloader.cli.options import read_config, ready_made
from downloader.settings import Settings, each_field

CONFIG = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.toml")), ids=lambda path: path.stem)
def test_each_file_loads(path: Path) -> None:
    """Every key is known, every value can be read, and every line is explained."""
    Settings().replace(**read_config(path))
    lines = [line for line in path.read_text("utf-8").splitlines() if "=" in line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if "#" not in line] == []


def test_the_default_file_holds_every_default() -> None:
    """config/default.toml names each setting with the value it has without the file."""
    found = tomllib.loads((CONFIG / "default.toml").read_text("utf-8"))
    assert set(found) == {setting.name.replace("_", "-") for _, setting in each_field()}
    assert Settings().replace(**found) == Settings()


def test_the_demo_finds_its_settings() -> None:
    """The founding job's file is found from the package."""
    assert Settings().replace(**read_config(ready_made("ten-images"))).output.name == "image-{index}"
