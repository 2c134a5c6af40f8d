"""Flags made from the settings, and the settings made from flags, environment and a file."""

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import click

from downloader.errors import UsageError
from downloader.measures import count
from downloader.settings import Settings, each_field

OTHER_VARIABLES = {"DOWNLOADER_DEBUG", "DOWNLOADER_CONFIG"}

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator: TypeAlias = Callable[[Any], Any]


def settings_options(command: Command) -> Command:
    """Give a command a flag for each setting, and ``--config``."""
    return _with_flags(command, [_flag(setting, _default(setting)) for _, setting in each_field()])


def changing_options(command: Command) -> Command:
    """Give a command that goes on in a folder a flag for each setting it can change there: not the folder."""
    return _with_flags(command, [_flag(setting, "") for _, setting in each_field() if setting.name != "output"])


def shared_options(command: Command) -> Command:
    """Give a command that runs several engines a flag for each setting they share: not the engine, nor the folder."""
    own = ("engine", "output")
    return _with_flags(command, [_flag(each, _default(each)) for _, each in each_field() if each.name not in own])


def _with_flags(command: Command, flags: Sequence[Decorator]) -> Command:
    config: Decorator = click.option(
        "--config",
        envvar="DOWNLOADER_CONFIG",
        metavar="FILE",
        help="Read settings from a TOML file; flags win.",
    )
    for decorate in reversed([*flags, config]):
        command = decorate(command)
    return command


def given_settings(base: Settings, given: Mapping[str, Any]) -> Settings:
    """Lay the settings a person gave over a base: first the file, then environment and flags. Raises UsageError."""
    config = given.get("config")
    chosen = base.replace(**read_config(Path(config))) if config else base
    names = {setting.name for _, setting in each_field()}
    _check_environment(names)
    return chosen.replace(**{name: value for name, value in given.items() if name in names and value not in (None, ())})


def measure(name: str, parse: Callable[[str], Any], text: str) -> Any:
    """Read the value of a flag that is no setting; raises UsageError that says how to write it."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"--{name} cannot be {text!r}: {error}") from error


def _check_environment(names: Iterable[str]) -> None:
    known = {f"DOWNLOADER_{name.upper()}" for name in names} | OTHER_VARIABLES
    for name in os.environ:
        if name.startswith("DOWNLOADER_") and name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f": did you mean {near[0]}?" if near else ""
            raise UsageError(f"the environment sets {name}, which is no setting{hint}")


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


def _flag(setting: "Field[Any]", default: str) -> Decorator:
    flag = f"--{setting.name.replace('_', '-')}"
    names = [name for name in (setting.metadata["flag"], flag) if name]
    options: dict[str, Any] = {"envvar": f"DOWNLOADER_{setting.name.upper()}", "default": None}
    options["help"] = f"{setting.metadata['help']}{default}"
    allowed = getattr(setting.metadata["parse"], "allowed", None)
    if isinstance(setting.default, bool):
        options |= {"is_flag": True}
    elif setting.default == ():
        options |= {"multiple": True, "metavar": setting.metadata["metavar"]}
    else:
        options |= {"type": click.Choice(allowed)} if allowed else {"metavar": setting.metadata["metavar"]}
    main = click.option(*names, setting.name, **options)
    if setting.name != "ip":
        return main
    shortcuts = [click.option(f"-{value}", setting.name, flag_value=value, hidden=True) for value in ("4", "6")]
    return lambda command: shortcuts[0](shortcuts[1](main(command)))


def _default(setting: "Field[Any]") -> str:
    value: Any = setting.default
    if value in (None, (), "") or isinstance(value, bool):
        return ""
    if isinstance(value, tuple):
        return f"  [{':'.join(f'{part:g}' for part in value)}]"
    if setting.metadata["parse"] is count:
        return f"  [{value // 1_000_000}M]"
    if isinstance(value, int) and value >= 1 << 20:
        return f"  [{value >> 30}G]" if value >= 1 << 30 else f"  [{value >> 20}M]"
    return f"  [{value:g}]" if isinstance(value, float) else f"  [{value}]"
