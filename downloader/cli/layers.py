"""Where settings come from: defaults, then a file, then the environment, then flags. The later wins, one by one.

The file is the one that ``--config`` names; without it ``downloader.toml``, else the table ``[tool.downloader]`` of
``pyproject.toml``, of the current directory alone. Folders above are not searched: in /tmp they are everybody's.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from downloader.cli.serving import VARIABLES
from downloader.errors import UsageError
from downloader.measures import NONE
from downloader.settings import Settings, each_field, known

DEFAULT = "default"
"""The origin of what nobody said."""

FOUND = ("downloader.toml", "pyproject.toml")
"""Files that are looked for; the first that holds settings is read, alone."""

NAMED_ONLY = frozenset(("auth", "ca_file", "cookies", "insecure", "netrc", "proxy"))
"""What decides whom we trust with traffic and logins. Whoever wrote a folder that was cloned must not decide it: these
are taken from a file that a person names, not from one that lies about."""

PREFIX = "DOWNLOADER_"
"""What the names of our variables begin with."""

OTHER_VARIABLES = frozenset(("DOWNLOADER_DEBUG", "DOWNLOADER_CONFIG")) | VARIABLES
"""Ours that are no settings."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says: values by the names of settings, and how a setting is written there."""

    values: Mapping[str, Any]
    origin: Callable[[str], str]
    said: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Layered:
    """Settings, and where each was said: "default", "downloader.toml", "DOWNLOADER_JOBS", "--jobs"."""

    settings: Settings
    origins: Mapping[str, str]
    notice: str = ""  # what a person must know: a file that nobody named took part


def layered(given: Mapping[str, Any], base: Settings, folder: Path | None) -> Layered:
    """Lay file, environment and flags over a base. Files are looked for in ``folder``; None looks for none.

    ``given`` are a command's parameters by name, None or () where a flag was not given. Raises UsageError.
    """
    settings, origins, notice = base, {setting.name: DEFAULT for _, setting in each_field()}, ""
    named = given.get("config")
    file = _named_file(named) if named else _found_file(folder) if folder is not None else None
    for layer in (file, _environment(), _flags(given)):
        if layer is None:
            continue
        settings = settings.laid(layer.values, layer.said)
        origins |= {name: layer.origin(name) for name in layer.values}
        if layer is file and not named:
            _refuse_trust(settings, layer)
            notice = _notice(layer)
    return Layered(settings, origins, notice)


def read_config(path: Path) -> dict[str, Any]:
    """Read a file of settings by their names; raises UsageError where it is not there, no TOML, or has unknown keys."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        said = error.strerror or error
        raise UsageError(
            f"the settings {str(path)!r} cannot be read: {said}; check its path and permissions"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the settings {str(path)!r} are no TOML: {error}; write each like jobs = 16, texts in quotes"
        ) from error
    if path.name == "pyproject.toml":
        found = _table(_table(found, "tool"), "downloader")
    return dict(_checked(str(path), found))


def ready_made(name: str) -> Path:
    """Find one of the ready-made settings; raises UsageError that lists those there are."""
    made = ready_made_files()
    if name not in made:
        raise UsageError(f"there are no settings {name!r}: name a file, or one of {', '.join(made)}")
    return made[name]


def ready_made_files() -> dict[str, Path]:
    """Give the ready-made settings by name: of the installed package, or of the source tree."""
    package = Path(__file__).parents[1]
    folder = next(folder / "config" for folder in (package, package.parent) if (folder / "config").is_dir())
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _table(found: Mapping[str, Any], key: str) -> dict[str, Any]:
    inner = found.get(key, {})
    if not isinstance(inner, dict):
        raise UsageError(f"pyproject.toml: {key!r} is no table: write [tool.downloader] above the settings")
    return inner


def _checked(path: str, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        if isinstance(value, dict):
            raise UsageError(f"{path}: {key!r} is a table, but settings stand in none: write jobs = 16 at the top")
        try:
            yield known(key), value
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None


def _named_file(name: str) -> Layer:
    """Read what --config says: a file, or one of the ready-made by its bare name."""
    path = Path(name)
    bare = not path.suffix and path.name == name
    return _file(ready_made(name) if bare and not path.is_file() else path, name, "--config ")


def _found_file(folder: Path) -> Layer | None:
    for name in FOUND:
        path = folder / name
        if os.path.lexists(path) and (layer := _file(path, name)).values:
            return layer
    return None


def _file(path: Path, name: str, how: str = "") -> Layer:
    origin = f"{how}{name}" + (" [tool.downloader]" if path.name == "pyproject.toml" else "")
    return Layer(read_config(path), lambda _: origin, lambda setting: f"{name}: {setting.replace('_', '-')}")


def _environment() -> Layer:
    names = {variable(setting.name): setting.name for _, setting in each_field()}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in names and name not in OTHER_VARIABLES:
            known_ones = [each.removeprefix(PREFIX) for each in (*names, *OTHER_VARIABLES)]
            near = get_close_matches(name.removeprefix(PREFIX), known_ones, n=1)  # the prefix alone is alike enough
            hint = f"did you mean {PREFIX}{near[0]}?" if near else "unset it; 'downloader config' lists the settings"
            raise UsageError(f"the environment sets {name}, which is no setting: {hint}")
    values = {setting: os.environ[name] for name, setting in names.items() if os.environ.get(name)}
    return Layer(values, variable, variable)


def _flags(given: Mapping[str, Any]) -> Layer:
    names = {setting.name for _, setting in each_field()}
    values = {name: value for name, value in given.items() if name in names and value not in (None, ())}
    return Layer(values, lambda name: flag(f"no_{name}" if values[name] is False else name), flag)


def variable(name: str) -> str:
    """Give the environment's name of a setting."""
    return f"{PREFIX}{name.upper()}"


def flag(name: str) -> str:
    """Give the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def _refuse_trust(settings: Settings, layer: Layer) -> None:
    usual, said = Settings().flat(), settings.flat()
    for name in sorted(NAMED_ONLY & set(layer.values)):
        if said[name] not in (usual[name], NONE, (NONE,)):
            file = layer.origin(name).partition(" ")[0]
            raise UsageError(
                f"{layer.said(name)} decides whom to trust, and is not taken from a file that merely lies here: "
                f"say --config {file} if it is yours, or use {flag(name)}"
            )


def _notice(layer: Layer) -> str:
    names = [name.replace("_", "-") for name in layer.values]
    return f"settings from {layer.origin('')}: {', '.join(names)}"
