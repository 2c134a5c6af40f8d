"""``downloader status``: how a folder's list stands."""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from downloader.cli.grouped import Command, folders
from downloader.cli.summary import retry_command
from downloader.errors import advice, printable

if TYPE_CHECKING:
    from downloader.manifest.views import Cause

MOST_HOSTS = 20
"""Hosts named at most of those of which something was learnt."""


@click.command(
    "status",
    cls=Command,
    short_help="Show how a folder's list stands.",
    epilog="\b\nExamples:\n  downloader status images\n  downloader status images --json\n",
)
@click.argument("folder", metavar="DIR", shell_complete=folders)
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
def command(folder: str, *, as_json: bool) -> int:
    """Say how a folder's list stands: failures by cause with a sample and advice, and the worst hosts."""
    from downloader.manifest import views

    with views.reading(Path(folder)) as database:
        found = _Standing(
            {status: views.counts(database).get(status, 0) for status in ("saved", "skipped", "failed")},
            views.causes(database),
            views.worst_hosts(database),
            views.learnt(database),
        )
    click.echo(_as_json(found) if as_json else "\n".join(_for_people(found, folder)))
    return 0


@dataclass(frozen=True, slots=True)
class _Standing:
    counts: dict[str, int]
    causes: Sequence["Cause"]
    hosts: Sequence[tuple[str, int]]
    learnt: dict[str, str]


def _as_json(found: _Standing) -> str:
    failures = [
        {
            "code": cause.code,
            "count": cause.count,
            "transient": cause.transient,
            "url": cause.url,
            "detail": cause.detail,
            "advice": advice(cause.code),
        }
        for cause in found.causes
    ]
    fields = {"counts": found.counts, "failures": failures, "worst_hosts": dict(found.hosts), "learnt": found.learnt}
    return json.dumps(fields, ensure_ascii=False)


def _for_people(found: _Standing, folder: str) -> Iterator[str]:
    yield ", ".join(f"{number} {status}" for status, number in found.counts.items())
    for cause in found.causes:
        yield f"\n{cause.count} {cause.code}: {advice(cause.code)}"
        yield f"  e.g. {printable(cause.url)}\n       {cause.detail}"
    if found.hosts:
        yield "\nhosts with most failures: " + ", ".join(
            f"{printable(host)} ({number})" for host, number in found.hosts
        )
    if found.learnt:
        yield "\nlearnt in the last run:"
        yield from (f"  {host} {story}" for host, story in list(found.learnt.items())[:MOST_HOSTS])
        if len(found.learnt) > MOST_HOSTS:
            yield f"  and {len(found.learnt) - MOST_HOSTS} more: --json tells all"
    command = retry_command(shlex.quote(folder), [cause.code for cause in found.causes])
    if found.causes and " retry " in command:
        yield f"\nnext: {command}"
