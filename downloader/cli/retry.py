"""``downloader retry``: ask the failures of a folder again."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from downloader.cli.grouped import Command, folders, some_of
from downloader.cli.manners import Manners, manners_options
from downloader.cli.options import changing_options, given_settings
from downloader.errors import BY_CODE, UsageError
from downloader.settings import Settings
from downloader.surroundings import Surroundings


@click.command(
    "retry",
    cls=Command,
    short_help="Ask the failures of a folder again.",
    epilog="""\b
Examples:
  downloader retry images
  downloader retry images --code timed-out,dns --timeout 2m
  downloader retry images --code private-address --allow-private
""",
)
@click.argument("folder", metavar="DIR", shell_complete=folders)
@click.option(
    "--code",
    "codes",
    metavar="CODE[,CODE...]",
    shell_complete=some_of(lambda: iter(sorted(BY_CODE))),
    help="Only failures of these codes; all without it.",
)
@changing_options
@manners_options
def command(folder: str, codes: str | None, **given: Any) -> int:
    """Ask the failures of a folder again, and just those.

    The settings are those of the folder's last run, unless --config, DOWNLOADER_* or flags say otherwise; a
    downloader.toml that lies here is not read again.
    """
    from downloader.cli.running import run
    from downloader.job import Job
    from downloader.manifest.views import FailedLines, kept, known_settings, reading, withheld

    wanted = _codes(codes)
    home = Path(folder)
    with reading(home) as database:
        base = Settings().replace(**known_settings(database))
        others = kept(database, wanted)
        lost = withheld(database)
        asked = any(True for _ in FailedLines(home, wanted))
    if not asked:
        click.echo(f"downloader: nothing to retry in {folder!r}", err=True)
        return 0
    settings = given_settings(base, given, folder=None).replace(output=folder)
    if not given["quiet"]:
        _tell_missing(lost, settings)
    job = Job(
        FailedLines(home, wanted),
        settings,
        ask_again=lambda row: row.status == "failed",
        kept=others,
        surroundings=Surroundings.of(os.environ),
    )
    return run(job, Manners.of(given))


def _tell_missing(lost: Sequence[str], settings: Settings) -> None:
    """Say which flags had secrets in the run before, and have none now."""
    if missing := [flag for flag in lost if flag not in settings.withheld()]:
        flags = ", ".join(missing)
        said = f"the run before had secrets in {flags}, which are kept nowhere: give them again, with all their values"
        click.echo(f"downloader: {said}", err=True)


def _codes(text: str | None) -> frozenset[str]:
    codes = frozenset((text or "").replace(",", " ").split())
    if unknown := codes - set(BY_CODE):
        raise UsageError(f"there is no code {', '.join(sorted(unknown))}: the codes are {', '.join(sorted(BY_CODE))}")
    return codes
