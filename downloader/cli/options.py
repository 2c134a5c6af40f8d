"""Flags made from the settings, and the settings made from flags, environment and a file."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any, TypeVar

import click

from downloader.errors import UsageError
from downloader.settings import Settings, each_field

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_options(command: Command) -> Command:
    """Give a command a flag for each setting, and ``--config``."""
    flags = [_flag(setting) for _, setting in each_field()]
    config = click.option("--config", metavar="FILE", help="Read settings from a TOML file; flags go before it.")
    for decorate in reversed([*flags, config]):
        command = decorate(command)
    return command


def given_settings(base: Settings, given: Mapping[str, Any]) -> Settings:
    """Lay the settings a person gave over a base: first the file, then environment and flags. Raises UsageError."""
    config = given.get("config")
    chosen = base.replace(**read_config(Path(config))) if config else base
    names = {setting.name for _, setting in each_field()}
    chosen = chosen.replace(
        **{name: value for name, value in given.items() if name in names and value not in (None, ())}
    )
    if chosen.reach.ca_file is None and os.environ.get("SSL_CERT_FILE"):
        chosen = chosen.replace(ca_file=os.environ["SSL_CERT_FILE"])
    return chosen


def read_config(path: Path) -> dict[str, Any]:
    """Read a file of settings; raises UsageError where it is not there, or no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"the settings {str(path)!r} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings {str(path)!r} are no TOML: {error}") from error


def ready_made(name: str) -> Path:
    """Find one of the ready-made settings: in the installed package, or in the source tree."""
    package = Path(__file__).parents[1]
    return next(path for folder in (package, package.parent) if (path := folder / "config" / f"{name}.toml").exists())


def _flag(setting: "Field[Any]") -> Callable[[Command], Command]:
    flag = f"--{setting.name.replace('_', '-')}"
    names = [name for name in (setting.metadata["flag"], flag) if name]
    options: dict[str, Any] = {"envvar": f"DOWNLOADER_{setting.name.upper()}", "default": None}
    options["help"] = f"{setting.metadata['help']}{_default(setting.default)}"
    allowed = getattr(setting.metadata["parse"], "allowed", None)
    if isinstance(setting.default, bool):
        options |= {"is_flag": True}
    elif setting.default == ():
        options |= {"multiple": True, "metavar": setting.metadata["metavar"]}
    else:
        options |= {"type": click.Choice(allowed)} if allowed else {"metavar": setting.metadata["metavar"]}
    return click.option(*names, setting.name, **options)


def _default(value: Any) -> str:
    if value is None or value == () or isinstance(value, bool):
        return ""
    if isinstance(value, tuple):
        return f"  [{':'.join(f'{part:g}' for part in value)}]"
    if isinstance(value, int) and value >= 1 << 20:
        return f"  [{value >> 20}M]"
    return f"  [{value:g}]" if isinstance(value, float) else f"  [{value}]"
