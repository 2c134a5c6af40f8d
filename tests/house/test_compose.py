"""The compose file says the same of every service, and knows every setting."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from downloader.cli.layers import OTHER_VARIABLES
from downloader.settings import Settings, each_field

FILE = yaml.safe_load(Path(__file__).parents[2].joinpath("docker-compose.yml").read_text("utf-8"))
SERVICES = pytest.mark.parametrize("service", FILE["services"].values(), ids=FILE["services"])


def test_every_setting_can_be_given() -> None:
    """Each flag's variable is handed on from who calls, without a value of the file's own."""
    wanted = {f"DOWNLOADER_{setting.name.upper()}" for _, setting in each_field()} | OTHER_VARIABLES
    assert wanted - set(FILE["services"]["serve"]["environment"]) == set(), "add these to x-settings"
    assert set(FILE["x-settings"]) - wanted == set(), "these are no settings any more"
    assert set(FILE["x-settings"].values()) == {None}


@SERVICES
def test_every_service_is_hardened(service: dict[str, Any]) -> None:
    """Read-only, without capabilities or new privileges, with an init and limits, stopped with patience."""
    assert (service["read_only"], service["tmpfs"], service["init"]) == (True, ["/tmp"], True)  # noqa: S108
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert service["mem_limit"]
    assert service["pids_limit"] > Settings().pace.jobs
    assert float(service["stop_grace_period"].rstrip("s")) > Settings().ending.drain_timeout
    assert set(FILE["x-settings"]) <= set(service["environment"])


@SERVICES
def test_nothing_is_open_to_the_network(service: dict[str, Any]) -> None:
    """A port is published on the loopback alone."""
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_demo_is_built_once() -> None:
    """Services that start together share one build: two at once get in each other's way over the image's name."""
    together = [each for each in FILE["services"].values() if each.get("profiles", ["demo"]) == ["demo"]]
    assert len(together) == 3
    assert [each["command"] for each in together if "build" in each] == ["serve"]


def test_only_the_demo_is_let_in() -> None:
    """The one private name that is open without anybody's word ends in .invalid, which no DNS may know (RFC 6761)."""
    said = [each["environment"]["DOWNLOADER_ALLOW_HOST"] for each in FILE["services"].values()]
    [open_name] = {text for text in said if text}
    assert open_name == "${DOWNLOADER_ALLOW_HOST:-} images.demo.invalid:8000"
    assert FILE["services"]["imageserver"]["networks"] == {"default": {"aliases": ["images.demo.invalid"]}}
    assert {each["environment"]["DOWNLOADER_ALLOW_PRIVATE"] for each in FILE["services"].values()} == {None}
