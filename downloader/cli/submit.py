"""``downloader submit``: hand a list to a service, and follow the job."""

import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from downloader import measures
from downloader.cli.bar import Standing, bar_line
from downloader.cli.grouped import Command, files
from downloader.cli.options import client_options, given_options, measure
from downloader.cli.serving import known_token
from downloader.cli.summary import causes, verdict
from downloader.cli.voice import Voice
from downloader.errors import InputError, is_transient
from downloader.model import Report

if TYPE_CHECKING:
    from downloader.model import Line
    from downloader.service.client import Client

FAILED = 1
CANCELLED = 143
"""Statuses of jobs that did not go through their list: as of a run that broke off, and of one that was told to stop."""


@click.command(
    "submit",
    cls=Command,
    short_help="Hand a list to a service, and follow the job.",
    epilog="""\b
Examples:
  downloader submit -i urls.txt --wait
  DOWNLOADER_TOKEN_FILE=token downloader submit -i urls.txt --to https://images.example
  downloader submit -i table.csv.gz --url-col image_url --process resize=256 --title monday
""",
)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("-i", "--input", "lists", multiple=True, metavar="FILE", shell_complete=files,
              help="A list of URLs, or a folder of lists, '-' for stdin. Repeatable.")  # fmt: skip
@click.option("--to", "address", default="http://127.0.0.1:8080", show_default=True, metavar="URL",
              help="The service.")  # fmt: skip
@click.option("--token-file", envvar="DOWNLOADER_TOKEN_FILE", metavar="FILE", shell_complete=files,
              help="A file with the service's token; DOWNLOADER_TOKEN holds the token itself.")  # fmt: skip
@click.option("--title", default="", metavar="TEXT", help="What the job is called on the page.")
@click.option("--key", default="", metavar="TEXT", help="Submit once: the same key again gives the same job.")
@click.option("--wait", is_flag=True, help="Wait until the job has ended, and exit as 'get' would.")
@click.option("--patience", default="10s", show_default=True, metavar="TIME",
              help="How long a service that does not answer is asked again.")  # fmt: skip
@client_options
@click.pass_context
def command(context: click.Context, /, urls: tuple[str, ...], lists: tuple[str, ...], **given: Any) -> int:
    """Hand URLs and lists to a service as one job, and print where it can be seen.

    Settings that are not given are the service's own, and the most that may be asked for. Ctrl-C ends the waiting,
    not the job.
    """
    from downloader.service.client import Client, Order
    from downloader.sources.files import Lists

    if not urls and not lists:
        raise click.UsageError("nothing to submit: give URLs, or a list with -i FILE", context)
    settings, options = given_options(given)
    patience = measure("patience", measures.seconds, given["patience"])
    # The token is read when the service answers: it may have made it a moment ago.
    with tempfile.TemporaryFile() as packed:
        _pack(Lists(urls, lists, settings.intake), settings.intake.url_col, packed)
        with Client(given["address"], os.environ.get("SSL_CERT_FILE"), patience) as service:
            service.reach()
            service.enter(known_token(given, os.environ))
            job = service.submit(Order(packed, options, given["title"], given["key"]))
            click.echo(f"the job is at {service.page(job['id'])}")
            return _follow(service, job["id"]) if given["wait"] else 0


def _pack(lines: "Iterable[Line]", column: str, target: IO[bytes]) -> None:
    """Write a list as packed JSON lines, whatever it was; raises InputError for an empty one."""
    line = None
    # Without the time of its making, so that the same list is the same request.
    with gzip.GzipFile("", "wb", fileobj=target, mtime=0) as packed:
        for line in lines:
            packed.write(json.dumps({**line.columns, column: line.url}).encode("ascii") + b"\n")
    if line is None:
        raise InputError("the list holds nothing: there is nothing to submit")


def _follow(service: "Client", job: str) -> int:
    """Wait until a job has ended, showing how far it is; says what became of it, and gives the status to leave with."""
    voice, begun, found = Voice(sys.stderr), time.monotonic(), {}
    try:
        for found in service.states(job):
            voice.show(bar_line(_standing(found, time.monotonic() - begun), voice.width))
    finally:
        voice.let_go()
    report = _report(found)
    for text in (*verdict(report), *causes(report)):
        click.echo(text, err=True)
    if found["status"] == "done":
        return report.exit_status()
    click.echo(f"the job {_ENDS[found['status']]}" + (f": {found['reason']}" if found["reason"] else ""), err=True)
    return FAILED if found["status"] == "failed" else CANCELLED


_ENDS = {"failed": "has failed", "cancelled": "was cancelled"}


def _standing(found: Mapping[str, Any], seconds: float) -> Standing:
    counts = found["counts"]
    done = sum(counts.values())
    return Standing(done, found["lines"], counts["failed"], done / max(seconds, 1), found["bytes"] / max(seconds, 1))


def _report(found: Mapping[str, Any]) -> Report:
    transient = sum(number for code, number in found["codes"].items() if is_transient(code))
    counts = found["counts"]
    return Report(
        Path(), counts["saved"], counts["skipped"], found["codes"], transient=transient, lines=found["lines"] or 0
    )
