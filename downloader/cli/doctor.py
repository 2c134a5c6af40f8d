"""``downloader doctor``: whether this machine is fit for a job, and what to mend."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from downloader.cli.grouped import TALK, Command, Headed, folders
from downloader.cli.options import changing_options, given_settings
from downloader.settings import Settings
from downloader.surroundings import Surroundings

if TYPE_CHECKING:
    from downloader.doctor import Check, Finding


@click.command(
    "doctor",
    cls=Command,
    short_help="Check whether this machine is fit for a job.",
    epilog="""\b
Examples:
  downloader doctor
  downloader doctor /data/images --host cdn.example.com -j 256
  downloader doctor --json
""",
)
@click.argument("folder", metavar="[DIR]", required=False, shell_complete=folders)
@click.option("--host", "hosts", multiple=True, metavar="NAME[:PORT]", help="Look it up, and ask it for the time, too.")
@changing_options
@click.option("--json", "as_json", cls=Headed, heading=TALK, is_flag=True, help="Print one JSON object.")
def command(folder: str | None, hosts: tuple[str, ...], *, as_json: bool, **given: Any) -> int:
    """Check whether this machine is fit for a job: DNS, open files, disk, proxies, clock, engines and extras.

    Each line says ok, warn or bad, and what to do. Nothing is asked of the network but what --host names. Exits 0
    unless something is bad; then with the status that a job would end with.
    """
    from downloader.doctor import Question, examine, exit_status

    settings = given_settings(Settings(), given)
    question = Question(Path(folder or settings.output.output), settings, Surroundings.of(os.environ), hosts)
    found = []
    for check, finding in examine(question):
        found.append((check, finding))
        if not as_json:
            click.echo("\n".join(_lines(check, finding)))
    status = exit_status(found)
    if as_json:
        click.echo(_as_json(found, status))
    return status


def _lines(check: "Check", finding: "Finding") -> list[str]:
    first = f"{finding.level:<4}  {check.name:<11}  {finding.found}"
    return [first, f"{'':>19}do: {finding.do}"] if finding.do else [first]


def _as_json(found: "list[tuple[Check, Finding]]", status: int) -> str:
    findings = [{"check": check.name, "level": each.level, "found": each.found, "do": each.do} for check, each in found]
    return json.dumps({"findings": findings, "exit_status": status}, ensure_ascii=False, indent=2)
