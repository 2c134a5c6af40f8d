"""Help that people find things in: options under headings, the most used first, examples at the end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

TALK = "Talk: what is said, where and how"
"""The heading of the flags that say how a command talks, and of --help."""

OPTIONS = "Options"
"""The heading of what a command has of its own, and of the settings used most."""

_NAMES = 26
"""Columns that flags may take before what they do begins on a line of its own."""


class Headed(click.Option):
    """An option that knows the heading it stands under."""

    def __init__(self, *names: Any, heading: str = OPTIONS, **how: Any) -> None:
        super().__init__(*names, **how)
        self.heading = heading

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Write a flag and its opposite as one word."""
        record = super().get_help_record(ctx)
        if record is None or not self.secondary_opts:
            return record
        return f"--[no-]{self.opts[-1].removeprefix('--')}", record[1]


class Command(click.Command):
    """A command whose help groups its options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        _write_options(self.get_params(ctx), ctx, formatter)


def _write_options(params: Sequence[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write each heading with its options, in the order in which they first come; Talk is last."""
    headings: dict[str, list[tuple[str, str]]] = {OPTIONS: []}
    talks = any(getattr(param, "heading", "") == TALK for param in params)
    options = [param for param in params if isinstance(param, click.Option)]
    for option in sorted(options, key=lambda option: _heading(option, talks=talks) == TALK):
        if (record := option.get_help_record(ctx)) is not None:
            names, told = record[0], record[1].replace("[default: ", "[")  # as the settings have it
            headings.setdefault(_heading(option, talks=talks), []).append((names, told))
    for heading, records in headings.items():
        _write(formatter, heading, records)


def _heading(param: click.Parameter, *, talks: bool) -> str:
    if "--help" in param.opts:  # click makes it, and knows no heading
        return TALK if talks else OPTIONS
    return getattr(param, "heading", OPTIONS)


class Group(click.Group):
    """A group whose help lists its commands by what they are for; ``purposes`` are names of commands by heading."""

    purposes: Mapping[str, Sequence[str]] = {}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        _write_options(self.get_params(ctx), ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each with its short help."""
        for purpose, names in self.purposes.items():
            _write(formatter, purpose, list(self._rows(ctx, names)))

    def _rows(self, ctx: click.Context, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            if (command := self.get_command(ctx, name)) is not None:
                yield name, command.get_short_help_str(limit=100)


def _write(formatter: click.HelpFormatter, heading: str, records: Sequence[tuple[str, str]]) -> None:
    if records:
        formatter.write(f"\n{click.formatting.wrap_text(heading, formatter.width)}\n")
        with formatter.indentation():
            formatter.write_dl(records, col_max=_NAMES)


Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell complete files."""
    return [CompletionItem(incomplete, type="file")]


def folders(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell complete folders."""
    return [CompletionItem(incomplete, type="dir")]


def one_of(choices: Callable[[], Iterator[str]]) -> Completer:
    """Have one of these words completed."""
    return lambda _, __, incomplete: [CompletionItem(word) for word in choices() if word.startswith(incomplete)]


def some_of(choices: Callable[[], Iterator[str]]) -> Completer:
    """Have the last of several words with commas between completed."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        done, comma, last = incomplete.rpartition(",")
        return [CompletionItem(f"{done}{comma}{word}") for word in choices() if word.startswith(last)]

    return complete
