"""``downloader config``: each setting, its value, and where it was said."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from downloader import registry
from downloader.cli.grouped import TALK, Command, Headed
from downloader.cli.layers import DEFAULT, Layered, layered
from downloader.cli.options import headings, settings_options
from downloader.cli.written import Plain, plain, toml
from downloader.measures import AUTO
from downloader.settings import Settings, each_field

COLUMN = 40
"""Where the origins begin, but for values that are longer."""


@click.command(
    "config",
    cls=Command,
    short_help="Print each setting, and where it comes from.",
    epilog="""\b
Examples:
  downloader config
  downloader config --changed --config polite -j 4
  downloader config --changed -j 64 > mine.toml
""",
)
@click.option("--changed", is_flag=True, help="Only what somebody said; not the defaults.")
@settings_options
@click.option("--json", "as_json", cls=Headed, heading=TALK, is_flag=True, help="Print one JSON object instead.")
def command(*, changed: bool, as_json: bool, **given: Any) -> int:
    """Print the settings that `downloader get` would run with here, given the same flags.

    Each with its value and where that was said: default, a file, DOWNLOADER_* or a flag. What is printed is a TOML
    file in its turn. Logins, and headers that may hold a secret, are left out.
    """
    found = layered(given, Settings(), Path())
    rows = {name: value for name, value in _values(found) if not changed or found.origins[name] != DEFAULT}
    click.echo(_as_json(found, rows) if as_json else "\n".join(_as_toml(found, rows)))
    return 0


def _values(found: Layered) -> Iterator[tuple[str, Plain]]:
    shown = found.settings.without_secrets()
    for _, setting in each_field():
        yield setting.name, plain(setting, shown[setting.name])


def _as_json(found: Layered, rows: dict[str, Plain]) -> str:
    withheld = _withheld(found)
    fields = {
        name.replace("_", "-"): {"value": value, "origin": found.origins[name], "withheld": name in withheld}
        for name, value in rows.items()
    }
    return json.dumps(fields, ensure_ascii=False, indent=2)


def _withheld(found: Layered) -> frozenset[str]:
    """Name the settings whose values are shown without the secrets in them."""
    return frozenset(name.removeprefix("--").replace("-", "_") for name in found.settings.withheld())


def _meant(name: str, value: Plain) -> str:
    """Say which engine a job would have here where the setting leaves it open."""
    return f"; {registry.engine_named(AUTO)} here" if (name, value) == ("engine", AUTO) else ""


def _as_toml(found: Layered, rows: dict[str, Plain]) -> Iterator[str]:
    withheld = _withheld(found)
    if not rows:
        yield "# every setting has its default"
    for number, (heading, names) in enumerate(groupby(rows, headings().__getitem__)):
        yield f"\n# {heading}" if number else f"# {heading}"
        for name in names:
            line = f"{name.replace('_', '-')} = {toml(rows[name])}"
            hidden = "; not all of it is shown" if name in withheld else ""
            yield f"{line:<{COLUMN}}  # {found.origins[name]}{hidden}{_meant(name, rows[name])}"
