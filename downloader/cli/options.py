"""Flags made from the settings, and the settings made from flags, environment and a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import click
from click.shell_completion import CompletionItem

from downloader import registry
from downloader.cli.grouped import OPTIONS, Completer, Headed, files, folders, one_of, some_of
from downloader.cli.layers import Layered, flag, layered, ready_made_files
from downloader.cli.written import plain
from downloader.errors import UsageError
from downloader.measures import AUTO
from downloader.service.limits import CLIENT
from downloader.settings import Intake, Settings, each_field

MOST_USED = ("output", "engine", "jobs", "per_host", "name", "retries", "timeout", "process")
"""Settings that stand first in the help, in this order, beside what a command has of its own."""

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator: TypeAlias = Callable[[Any], Any]


def settings_options(command: Command) -> Command:
    """Give a command a flag for each setting, and ``--config``."""
    return _with_flags(command, [_flag(setting, _default(setting)) for setting in _ordered()])


def changing_options(command: Command) -> Command:
    """Give a command that goes on in a folder a flag for each setting it can change there: neither folder nor list."""
    own = Intake.once() | {"output"}
    return _with_flags(command, [_flag(setting, "") for setting in _ordered() if setting.name not in own])


def shared_options(command: Command) -> Command:
    """Give a command that runs several engines a flag for each setting they share: not the engine, nor the folder."""
    own = ("engine", "output", "processes")  # an engine is measured in one process
    return _with_flags(command, [_flag(each, _default(each)) for each in _ordered() if each.name not in own])


def _ordered() -> list["Field[Any]"]:
    places = {name: place for place, name in enumerate(MOST_USED)}
    return sorted((setting for _, setting in each_field()), key=lambda each: places.get(each.name, len(places)))


def headings() -> dict[str, str]:
    """Give the heading of each setting by its name: its group, and what the group is for."""
    groups: dict[object, str] = {group.default_factory: group.name.capitalize() for group in fields(Settings)}
    return {setting.name: f"{groups[kind]}: {_first_sentence(kind)}" for kind, setting in each_field()}


def _first_sentence(kind: type) -> str:
    first = " ".join((kind.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    return f"{first[:1].lower()}{first[1:]}"


def service_options(command: Command) -> Command:
    """Give the service a flag for each setting that its jobs have in common: each has a folder and names of its own."""
    own = Intake.once() | {"output", "name", "name_col", "processes"}  # each has one process, too
    return _with_flags(command, [_flag(each, _default(each)) for each in _ordered() if each.name not in own])


def client_options(command: Command) -> Command:
    """Give a client of the service a flag for each setting that reads its list, or that it may ask for."""
    for decorate in reversed([_flag(each, "") for each in _ordered() if each.name in Intake.once() | CLIENT.keys()]):
        command = decorate(command)
    return command


def given_options(given: Mapping[str, Any]) -> tuple[Settings, Mapping[str, Any]]:
    """Give the settings that a client's flags make, and what of them is for the service, as its API writes it."""
    names = [each.name for each in _ordered() if given.get(each.name) not in (None, ())]
    settings = Settings().laid({name: given[name] for name in names}, flag)
    flat = settings.flat() | {"process": list(_whole_steps(settings.process.process))}
    return settings, {name.replace("_", "-"): flat[name] for name in names if name in CLIENT}


def _whole_steps(words: Sequence[str]) -> Iterator[str]:
    """Give each step by itself, with the commas that are its own: resize=256,center-crop is one."""
    step = ""
    for word in ",".join(words).split(","):
        if word.partition("=")[0] in registry.STEPS and step:
            yield step
            step = ""
        step = f"{step},{word}" if step else word
    if step:
        yield step


def _with_flags(command: Command, flags: Sequence[Decorator]) -> Command:
    config: Decorator = click.option(
        "--config",
        cls=Headed,
        envvar="DOWNLOADER_CONFIG",
        metavar="FILE",
        shell_complete=_configs,
        help="Settings of a TOML file, or ready-made ones: polite, fast, archive. It replaces a downloader.toml or "
        "pyproject.toml found here; DOWNLOADER_* and flags win over both.",
    )
    for decorate in reversed([*flags, config]):
        command = decorate(command)
    return command


def given_settings(base: Settings, given: Mapping[str, Any], *, folder: Path | None = Path()) -> Settings:
    """Give the settings of ``given_layers``."""
    return given_layers(base, given, folder=folder).settings


def given_layers(base: Settings, given: Mapping[str, Any], *, folder: Path | None = Path()) -> Layered:
    """Lay the settings a person gave over a base, as ``layers`` tells, and tell of a file that was merely found.

    ``folder`` is where such a file is looked for; None looks for none. Raises UsageError.
    """
    found = layered(given, base, folder)
    if found.notice and not given.get("quiet"):
        click.echo(f"downloader: {found.notice}", err=True)
    return found


def measure(name: str, parse: Callable[[str], Any], text: str) -> Any:
    """Read the value of a flag that is no setting; raises UsageError that says how to write it."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"--{name} cannot be {text!r}: {error}") from error


def _flag(setting: "Field[Any]", default: str) -> Decorator:
    name = flag(setting.name)
    options: dict[str, Any] = {"cls": Headed, "default": None, "help": f"{setting.metadata['help']}{default}"}
    options["heading"] = OPTIONS if setting.name in MOST_USED else headings()[setting.name]
    options["shell_complete"] = _COMPLETED.get(setting.name) or _BY_METAVAR.get(setting.metadata["metavar"])
    allowed = getattr(setting.metadata["parse"], "allowed", None)
    if isinstance(setting.default, bool):
        options |= {"is_flag": True}
        name = f"{name}/--no-{name.removeprefix('--')}"  # a file may have said true
    elif setting.default == ():
        options |= {"multiple": True, "metavar": setting.metadata["metavar"]}
    else:
        options |= {"type": click.Choice(allowed)} if allowed else {"metavar": setting.metadata["metavar"]}
    main = click.option(
        *([setting.metadata["flag"]] if setting.metadata["flag"] else []), name, setting.name, **options
    )
    if setting.name != "ip":
        return main
    shortcuts = [click.option(f"-{value}", setting.name, flag_value=value, hidden=True) for value in ("4", "6")]
    return lambda command: shortcuts[0](shortcuts[1](main(command)))


def _default(setting: "Field[Any]") -> str:
    value = plain(setting, setting.default)
    return "" if value in ("", []) or isinstance(value, bool) else f"  [{value}]"


def _configs(context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    made = [CompletionItem(name) for name in ready_made_files() if name.startswith(incomplete)]
    return made or files(context, param, incomplete)


_COMPLETED: dict[str, Completer] = {
    "engine": one_of(lambda: iter((AUTO, *registry.ENGINES))),
    "process": some_of(lambda: iter(registry.STEPS)),
    "dedupe": one_of(lambda: iter(("sha256", "dhash"))),
}
"""What completes the value of a setting whose parser does not list its words."""

_BY_METAVAR: dict[str, Completer] = {"FILE": files, "DIR": folders}
