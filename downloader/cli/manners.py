"""How a command talks, and the flags that say it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from downloader.cli.grouped import TALK, Headed


@dataclass(frozen=True, slots=True)
class Manners:
    """How a command talks: what goes to stdout and stderr."""

    json: bool = False
    progress: str = "auto"
    quiet: bool = False
    verbose: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Manners":
        """Read them from a command's parameters."""
        return cls(given["json"], "none" if given["quiet"] else given["progress"], given["quiet"], given["verbose"])


def manners_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flags that say how it talks."""
    for decorate in (
        _talk("-v", "--verbose", count=True, help="Log what is done to stderr; -vv logs each attempt."),
        _talk("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
        _talk(
            "--progress", type=click.Choice(["auto", "bar", "plain", "none"]), default="auto", show_default=True,
            help="How progress is shown on stderr; the bar has colours unless NO_COLOR is set."),
        _talk("--json", is_flag=True, help="Print one JSON line an image, then a summary line, to stdout."),
    ):  # fmt: skip
        command = decorate(command)
    return command


def _talk(*names: str, **how: Any) -> Callable[..., Any]:
    return click.option(*names, cls=Headed, heading=TALK, **how)
