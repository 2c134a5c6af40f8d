"""``downloader status``: how a folder's list stands."""

import json
import shlex
from pathlib import Path

import click

from downloader.cli.summary import retry_command
from downloader.errors import advice


@click.command(
    "status", short_help="Show how a folder's list stands.", epilog="\b\nExample:\n  downloader status images\n"
)
@click.argument("folder", metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
def command(folder: str, *, as_json: bool) -> int:
    """Say how a folder's list stands: failures by cause with a sample and advice, and the worst hosts."""
    from downloader.manifest import views

    with views.reading(Path(folder)) as database:
        counts, causes, hosts = views.counts(database), views.causes(database), views.worst_hosts(database)
    if as_json:
        click.echo(json.dumps({
            "counts": {status: counts.get(status, 0) for status in ("saved", "skipped", "failed")},
            "failures": [
                {"code": cause.code, "count": cause.count, "transient": cause.transient, "url": cause.url,
                 "detail": cause.detail, "advice": advice(cause.code)} for cause in causes
            ],
            "worst_hosts": dict(hosts),
        }, ensure_ascii=False))  # fmt: skip
        return 0
    click.echo(", ".join(f"{counts.get(status, 0)} {status}" for status in ("saved", "skipped", "failed")))
    for cause in causes:
        click.echo(f"\n{cause.count} {cause.code}: {advice(cause.code)}")
        click.echo(f"  e.g. {cause.url}\n       {cause.detail}")
    if hosts:
        click.echo("\nhosts with most failures: " + ", ".join(f"{host} ({number})" for host, number in hosts))
    command = retry_command(shlex.quote(folder), [cause.code for cause in causes])
    if causes and " retry " in command:
        click.echo(f"\nnext: {command}")
    return 0
