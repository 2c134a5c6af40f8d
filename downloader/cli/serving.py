"""The flags of ``serve``, each with its name in the environment, and the token they lead to."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from downloader.errors import UsageError

VARIABLES = {
    "DOWNLOADER_HOST", "DOWNLOADER_PORT", "DOWNLOADER_DATA", "DOWNLOADER_TOKEN", "DOWNLOADER_TOKEN_FILE",
    "DOWNLOADER_NO_AUTH", "DOWNLOADER_PUBLIC_HOST", "DOWNLOADER_MAX_RUNNING", "DOWNLOADER_DISK_FLOOR",
    "DOWNLOADER_MAX_REQUEST", "DOWNLOADER_MAX_LIST", "DOWNLOADER_MAX_URLS", "DOWNLOADER_MAX_JOB_BYTES",
    "DOWNLOADER_MAX_JOB_PIXELS", "DOWNLOADER_MAX_WAITING",
}  # fmt: skip
"""What the environment may say to ``serve`` besides the settings."""

SHORTEST = 16
"""Characters of a token at least: shorter ones are guessed."""


def _flag(name: str, default: Any, help: str, **how: Any) -> Callable[[Any], Any]:  # noqa: A002 - click's own word
    variable = f"DOWNLOADER_{name.upper().replace('-', '_')}"
    return click.option(
        f"--{name}", default=default, envvar=variable, help=help, show_default=default is not None, **how
    )


ADDRESS = (
    _flag("host", "127.0.0.1", "The address to listen on; any but the loopback needs a token or --no-auth."),
    _flag("port", 8080, "The port to listen on; 0 takes a free one.", type=click.IntRange(0, 65535)),
)

FLAGS = (
    *ADDRESS,
    _flag("data", "data", "The folder for jobs and their images.", metavar="DIR"),
    _flag("token-file", None, "A file with the token; made with a new one where it is not there.", metavar="FILE"),
    _flag("no-auth", None, "Let in everybody who reaches it.", is_flag=True),
    _flag("public-host", None, "A name by which clients reach it. Repeatable.", multiple=True, metavar="HOST"),
    _flag("max-running", 2, "Jobs that run at once.", type=click.IntRange(1)),
    _flag("disk-floor", "512M", "Take no jobs with less room on the disk.", metavar="SIZE"),
    _flag("max-request", "64M", "Largest request.", metavar="SIZE"),
    _flag("max-list", "1G", "Largest list, unpacked.", metavar="SIZE"),
    _flag("max-urls", 1_000_000, "Most URLs of a job.", type=click.IntRange(1)),
    _flag("max-job-bytes", "100G", "Most bytes of the images of a job.", metavar="SIZE"),
    _flag("max-job-pixels", "1000G", "Most pixels of the images that a job works on.", metavar="N"),
    _flag("max-waiting", 1000, "Most jobs that have not ended.", type=click.IntRange(1)),
)


def serving_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flags of the service."""
    for decorate in reversed(FLAGS):
        command = decorate(command)
    return command


def token(given: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str | None, bool]:
    """Give the token, and whether it was made just now.

    Raises UsageError for one that is no secret, OutputError where none can be made.

    The token itself is no flag: what stands on a command line can be read by every user of the machine.
    """
    if text := environ.get("DOWNLOADER_TOKEN", "").strip():
        return _checked(text, "DOWNLOADER_TOKEN"), False
    if not given["token_file"]:
        return None, False
    path = Path(given["token_file"])
    try:
        if not path.exists():
            return _new(path), True
        return _checked(path.read_text("ascii").strip(), str(path)), False
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the token file {str(path)!r} cannot be read: {error}") from error


def known_token(given: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
    """Give the token that a client comes with, None where it has none; raises UsageError for one that is no secret."""
    if text := environ.get("DOWNLOADER_TOKEN", "").strip():
        return _checked(text, "DOWNLOADER_TOKEN")
    if not given["token_file"]:
        return None
    try:
        return _checked(Path(given["token_file"]).read_text("ascii").strip(), given["token_file"])
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the token file {given['token_file']!r} cannot be read: {error}") from error


def _new(path: Path) -> str:
    from downloader.manifest.database import translated  # which loads sqlite3

    made = secrets.token_urlsafe(32)
    with translated(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(made + "\n")
    return made


def _checked(text: str, where: str) -> str:
    if len(text) < SHORTEST or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"the token in {where} is no secret: make one of {SHORTEST} or more letters and digits")
    return text
