"""``downloader get``: fetch a list."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from downloader.cli.grouped import Command, files
from downloader.cli.manners import Manners, manners_options
from downloader.cli.options import given_settings, settings_options
from downloader.errors import InputError, UsageError
from downloader.settings import Settings
from downloader.surroundings import Surroundings


@click.command(
    "get",
    cls=Command,
    short_help="Fetch images in parallel into a folder.",
    epilog="""\b
Examples:
  downloader get -i urls.txt -o images
  downloader get -n -i urls.txt
  downloader get --engine async -j 64 https://example.com/a.jpg
  downloader get -i table.csv.gz --url-col image_url --hash-col sha256 --limit 1000
  downloader get --expand 'https://example.com/img_[001:100].jpg'
  grep jpg urls.txt | downloader get -i - -o images --json > results.jsonl
""",
)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "-i",
    "--input",
    "lists",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="A list of URLs, or a folder of lists, '-' for stdin. Repeatable.",
)
@click.option(
    "-n", "--dry-run", is_flag=True, help="Say what would be asked, of whom and under which names; ask nobody."
)
@settings_options
@manners_options
@click.pass_context
def command(
    context: click.Context, /, urls: tuple[str, ...], lists: tuple[str, ...], *, dry_run: bool, **given: Any
) -> int:
    """Fetch images in parallel, from URLs and lists, into a folder.

    Running the same command again resumes: what is saved, skipped or failed for good is not asked again.
    """
    from downloader.cli.running import run
    from downloader.job import Job
    from downloader.sources.files import Lists

    if not urls and not lists:
        raise click.UsageError("nothing to fetch: give URLs, or a list with -i FILE", context)
    if "-" in lists and sys.stdin is None:
        raise InputError("stdin is closed: give a file with -i FILE")
    if file := next((url for url in urls if "://" not in url and Path(url).is_file()), None):
        raise UsageError(f"{file!r} is a file: give it as a list with -i {file}")
    settings = given_settings(Settings(), given)
    job = Job(Lists(urls, lists, settings.intake), settings, surroundings=Surroundings.of(os.environ))
    if dry_run:
        if given["report"]:
            raise UsageError("--dry-run makes no --report: its lines and sums go to stdout and stderr")
        from downloader.cli.rehearsal import rehearse

        return rehearse(job, Manners.of(given))
    return run(job, Manners.of(given))
