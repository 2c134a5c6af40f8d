"""The ready-made settings are what they say."""

import tomllib
from pathlib import Path

import pytest

from downloader.cli.layers import read_config, ready_made, ready_made_files
from downloader.engines.agent import NAME, product, user_agent
from downloader.imageserver import ImageServer, Plan
from downloader.job import Job, run_job
from downloader.settings import Settings, each_field
from downloader.sources.files import Lists

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


def test_the_project_is_where_we_say_it_is() -> None:
    """What every request names as the project's page is the one of the package's own description."""
    project = tomllib.loads((CONFIG.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert user_agent().startswith(f"{project['name']}/{project['version']}")
    assert product("1.2", ["Homepage, https://example.org/it"]) == f"{NAME}/1.2 (+https://example.org/it)"
    assert product("1.2", ["Changes, https://example.org/log"]) == f"{NAME}/1.2"


def test_the_demo_finds_its_settings() -> None:
    """The founding job's file is found from the package."""
    assert Settings().replace(**read_config(ready_made("ten-images"))).output.name == "image-{index}"


def test_all_five_are_there() -> None:
    """The ready-made settings are those the help and the docs name."""
    assert list(ready_made_files()) == ["archive", "default", "fast", "polite", "ten-images"]


@pytest.mark.parametrize("name", ready_made_files())
def test_each_runs_a_small_job(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hosts, an image each, one of them failing at first: all saved, by the settings as they stand."""
    monkeypatch.chdir(tmp_path)
    settings = Settings().replace(**read_config(ready_made(name)))
    plan = Plan(hosts=3, latency=0.01, size=3000, flaky=frozenset({1} if name in ("fast", "ten-images") else ()))
    with ImageServer(plan) as server:
        hosts = [f"127.0.0.{number}" for number in (1, 2, 3)]
        report = run_job(Job(Lists(server.urls(3)), settings.replace(allow_host=hosts)))
    assert (report.saved, report.failed) == (3, {})
    assert len(list((tmp_path / settings.output.output).glob("*.jpg"))) == 3
