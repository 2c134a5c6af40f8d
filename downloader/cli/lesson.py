"""``downloader lesson``: the founding tutorial on threads, as experiments that run here and now."""

import click

from downloader.cli.grouped import Command
from downloader.lessons import LESSONS
from downloader.lessons.notebook import Notebook

EXAMPLES = """\b
Examples:
  downloader lesson                     the seven lessons, a line each
  downloader lesson primitives          run one
  downloader lesson gil --n 1000000     a shorter sum
  downloader lesson cpu-in-c --n 8      fewer pictures (needs Pillow)
"""


@click.command(
    "lesson",
    cls=Command,
    short_help="Run a lesson on threads: true experiments, measured here.",
    epilog=EXAMPLES,
)
@click.argument("name", required=False, type=click.Choice(list(LESSONS)), metavar="[NAME]")
@click.option(
    "--n", type=int, metavar="N", help="Size of the experiment, for the lessons that have one: gil and cpu-in-c."
)
def command(name: str | None, n: int | None) -> int:
    """Run a lesson on threads, or list them all.

    Each runs true experiments on this machine, draws who worked when, and checks what it claims. The exit status is 1
    when a claim that must hold everywhere does not; what only a quiet machine with free cores shows is told as such.
    """
    if name is None:
        _print_list()
        return 0
    book = Notebook(click.echo)
    LESSONS[name].study(book, n)
    unseen = f", {len(book.unseen)} not seen on this machine" if book.unseen else ""
    click.echo(f"\nlesson {name}: {len(book.kept)} claims hold, {len(book.broken)} do not{unseen}")
    return 1 if book.broken else 0


def _print_list() -> None:
    for name, lesson in LESSONS.items():
        click.echo(f"{name:<12} {lesson.shows}")
    click.echo("\nRun one with: downloader lesson NAME")
