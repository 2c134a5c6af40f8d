"""How a command talks, and the flags that say it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from downloader.cli.grouped import TALK, Headed, files
from downloader.recap import check as check_report


@dataclass(frozen=True, slots=True)
class Manners:
    """How a command talks: what goes to stdout, stderr, logs and reports."""

    json: bool = False
    progress: str = "auto"
    quiet: bool = False
    verbose: int = 0
    log_format: str = "text"
    log_file: str | None = None
    reports: tuple[Path, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Manners":
        """Read them from a command's parameters; raises UsageError for a report of no known kind."""
        reports = tuple(map(Path, given["report"]))
        for path in reports:
            check_report(path)
        return cls(
            json=given["json"],
            progress="none" if given["quiet"] else given["progress"],
            quiet=given["quiet"],
            verbose=given["verbose"],
            log_format=given["log_format"],
            log_file=given["log_file"],
            reports=reports,
        )


def manners_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flags that say how it talks."""
    for decorate in (
        _talk("-v", "--verbose", count=True, help="Log what is done to stderr; -vv logs each attempt."),
        _talk("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
        _talk(
            "--progress", type=click.Choice(["auto", "bar", "plain", "none"]), default="auto", show_default=True,
            help="How progress is shown on stderr; the bar has colours unless NO_COLOR is set."),
        _talk(
            "--report", multiple=True, metavar="FILE", shell_complete=files,
            help="Write at the end how the run went: FILE.html, .md or .json. Repeatable."),
        _talk("--log-file", metavar="FILE", shell_complete=files, help="Append log lines to a file too, -v or not."),
        _talk(
            "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
            help="How log lines are written."),
        _talk("--json", is_flag=True, help="Print one JSON line an image, then a summary line, to stdout."),
    ):  # fmt: skip
        command = decorate(command)
    return command


def _talk(*names: str, **how: Any) -> Callable[..., Any]:
    return click.option(*names, cls=Headed, heading=TALK, **how)
