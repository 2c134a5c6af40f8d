"""``downloader audit``: hash again what stands in a folder."""

import shlex
from pathlib import Path

import click

from downloader.cli.grouped import Command, folders


@click.command(
    "audit",
    cls=Command,
    short_help="Hash again what was saved.",
    epilog="\b\nExamples:\n  downloader audit images\n  downloader audit images --mark && downloader retry images\n",
)
@click.argument("folder", metavar="DIR", shell_complete=folders)
@click.option(
    "--mark",
    is_flag=True,
    help="Enter what is missing or damaged as failures, so that the next run fetches it.",
)
def command(folder: str, *, mark: bool) -> int:
    """Hash every saved image again and name those that are missing or damaged. Exits 4 when there are any."""
    from downloader.manifest import Manifest, mend, views

    findings, whole = [], 0
    for finding in views.audit(Path(folder)):
        if finding is None:
            whole += 1
            continue
        findings.append(finding)
        click.echo(f"{finding.code}  {finding.path}")
    if mark and findings:
        with Manifest(Path(folder)) as manifest:  # holds the lock: no run is at work meanwhile
            mend.mark(Path(folder), findings)
            manifest.write_failures()
    click.echo(f"{whole} whole, {len(findings)} missing or damaged", err=True)
    if findings:
        step = "retry" if mark else "audit"
        click.echo(f"next: downloader {step} {shlex.quote(folder)}{'' if mark else ' --mark'}", err=True)
    return 4 if findings else 0
