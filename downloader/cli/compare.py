"""``downloader compare``: the same job under each engine, side by side."""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from downloader import measures
from downloader.cli.grouped import Command, files
from downloader.cli.options import given_settings, measure, shared_options
from downloader.errors import UsageError
from downloader.settings import Settings
from downloader.surroundings import Surroundings

if TYPE_CHECKING:
    from downloader.comparison.race import Plan


@click.command(
    "compare",
    cls=Command,
    short_help="Run the same job under each engine, and say which is faster.",
    epilog="""\b
Examples:
  downloader compare
  downloader compare --engines thread,async -j 64 --sweep 1,4,16,64,256 --report compare.html
  downloader compare -i urls.txt --runs 3 --trace trace.json.gz
""",
)
@click.option(
    "-i",
    "--input",
    "lists",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="A list of your own. Repeatable.",
)
@click.option(
    "--images",
    type=click.IntRange(1),
    metavar="N",
    default=200,
    show_default=True,
    help="Images on the built-in server.",
)
@click.option(
    "--hosts",
    type=click.IntRange(1, 250),
    metavar="N",
    default=16,
    show_default=True,
    help="Loopback addresses of that server.",
)
@click.option("--latency", default="100ms", show_default=True, metavar="TIME", help="Its median time until an answer.")
@click.option("--size", default="20k", show_default=True, metavar="SIZE", help="Size of each of its images.")
@click.option(
    "--seed", type=int, metavar="N", default=1, show_default=True, help="Same seed, same images and latencies."
)
@click.option(
    "--engines", default="sequential,thread,async", show_default=True, metavar="LIST", help="The engines to compare."
)
@click.option(
    "--runs",
    type=click.IntRange(1),
    metavar="N",
    default=5,
    show_default=True,
    help="Runs of each engine; a warm-up goes before.",
)
@click.option("--sweep", default="", metavar="LIST", help="Numbers of jobs to try besides: 1,4,16,64,256.")
@click.option("--report", metavar="FILE", shell_complete=files, help="Write a page that tells all: compare.html.")
@click.option(
    "--trace",
    metavar="FILE",
    shell_complete=files,
    help="Write what each did when, for chrome://tracing: trace.json[.gz].",
)
@click.option("--json", "as_json", is_flag=True, help="Print the raw data to stdout instead of the tables.")
@shared_options
def command(**given: Any) -> int:
    """Run the same job under each engine, each run in a process of its own, in turn, and say which is faster.

    Without a list it runs against a built-in server with seeded latency. Exits 1 when the engines did not store the
    same bytes.
    """
    from downloader.comparison import raw, report, terminal, trace, verdict
    from downloader.comparison.race import compare

    settings = _settings(given)
    page, traced = (_place(name, given[name]) for name in ("report", "trace"))
    with _plan(given, settings) as plan:
        # The report names the command, and is made to be shown around.
        said = map(settings.veil, sys.argv[1:])
        document = compare(plan, shlex.join(["downloader", *said]))
    found = raw.read(document)
    if page:
        report.write(found, page)
    if traced:
        trace.write(found, traced)
    if given["as_json"]:
        click.echo(json.dumps(document))
    else:
        terminal.show(found)
    return 1 if verdict.differing(found) else 0


def _settings(given: Mapping[str, Any]) -> Settings:
    from downloader.comparison.courses import EVEN

    return given_settings(Settings() if given["lists"] else Settings.of(**EVEN), given)


def _place(flag: str, name: str | None) -> Path | None:
    """Give the path of a file to write; raises UsageError where it cannot stand there."""
    from downloader.pages.writing import check_place

    if name:
        check_place(flag, Path(name))
    return Path(name) if name else None


@contextmanager
def _plan(given: Mapping[str, Any], settings: Settings) -> Iterator["Plan"]:
    """Make the plan; the built-in server serves while the block lasts, where no list is given."""
    from downloader.comparison.courses import Order, on_list, on_server
    from downloader.imageserver import Plan as Serving
    from downloader.sources.files import Lists

    engines = [name.strip() for name in given["engines"].split(",") if name.strip()]
    surroundings = Surroundings.of(os.environ)
    order = Order(engines, settings, surroundings, given["runs"], _numbers(given["sweep"]), _tell)
    if given["lists"]:
        urls = [line.url for line in Lists((), given["lists"], settings.intake)]
        yield on_list(order, urls)
        return
    serving = Serving(
        hosts=given["hosts"],
        latency=measure("latency", measures.seconds, given["latency"]),
        size=measure("size", measures.size, given["size"]),
        seed=given["seed"],
    )
    with on_server(order, serving, given["images"]) as plan:
        yield plan


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _numbers(text: str) -> list[int]:
    try:
        return [measures.whole(1)(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise UsageError(f"--sweep cannot be {text!r}: {error}; write it like 1,4,16,64") from error
