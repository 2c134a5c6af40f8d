"""The command line: one file a command, imported only when it is called."""

import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from downloader import __version__
from downloader.cli.grouped import Group
from downloader.errors import DownloaderError, OutputError

PURPOSES = {
    "Fetch": ("get", "retry"),
    "Look": ("status", "audit", "export"),
    "Serve": ("serve", "submit", "health"),
    "Set up": ("config", "doctor", "completion"),
    "Learn": ("demo", "lesson", "compare", "imageserver"),
}
COMMANDS = tuple(name for names in PURPOSES.values() for name in names)

EXAMPLES = """\b
Examples:
  downloader get -i urls.txt -o images
  downloader retry images
  downloader get --help
"""


class _Lazy(Group):
    """Knows its commands by name; each stands in the module of its name, as ``command``."""

    purposes = PURPOSES

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"downloader.cli.{name}").command
        return command


@click.group(cls=_Lazy, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="downloader")
def _downloader() -> None:
    """Download images in parallel: a list of URLs goes in, whole, checked images and a truthful ledger come out."""


def main() -> NoReturn:
    """Run the command line and leave with its exit status. The last wall: no traceback reaches a person."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who called us
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for as long as the process lives
    try:
        status = _downloader.main(standalone_mode=False, prog_name="downloader") or 0
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except OutputError as error:
        print(f"downloader: {error}; mend that and run the same command again", file=sys.stderr)
        status = error.exit_status
    except DownloaderError as error:
        print(f"downloader: {error}", file=sys.stderr)
        status = error.exit_status
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except Exception as error:  # noqa: BLE001 - a wall
        status = _internal(error)
    leave(status)


def _internal(error: Exception) -> int:
    if os.environ.get("DOWNLOADER_DEBUG"):
        raise error
    print(
        f"downloader: internal error, {type(error).__name__}: {error}; the manifest holds what was done. "
        "Set DOWNLOADER_DEBUG=1 to see where it happened, and please report it",
        file=sys.stderr,
    )
    return 1


def leave(status: Any) -> NoReturn:
    """End the process now: an interpreter's normal end would wait for threads that were left behind."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(status)  # nobody reads any more
    if threading.active_count() > 1 or status in (129, 130, 143):
        os._exit(status)
    sys.exit(status)
