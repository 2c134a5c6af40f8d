"""``downloader completion``: what makes a shell complete commands, flags and their values."""

import click
from click.shell_completion import get_completion_class

from downloader.cli.grouped import Command

SHELLS = ("bash", "zsh", "fish")

VARIABLE = "_DOWNLOADER_COMPLETE"
"""By which the shell asks for completions; the name click listens to for a program called ``downloader``."""


@click.command(
    "completion",
    cls=Command,
    short_help="Print what completes this command in your shell.",
    epilog="""\b
Examples:
  downloader completion bash > ~/.local/share/bash-completion/completions/downloader
  downloader completion zsh > ~/.zfunc/_downloader     (with: fpath+=~/.zfunc before compinit)
  downloader completion fish > ~/.config/fish/completions/downloader.fish
  eval "$(downloader completion bash)"                 (for this shell alone)
""",
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, /, shell: str) -> int:
    """Print the script that completes commands, flags, engines, steps, codes, files and ready-made settings.

    Save it where the shell looks for completions, or have it evaluated.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these three
    complete = kind(context.find_root().command, {}, "downloader", VARIABLE)
    # Not its source(): for bash that starts one to ask for its version, which need not be installed here.
    script = complete.source_template % complete.source_vars()
    # A value with commas in it, a chain of steps, is one value: click's script for fish takes what is before the first.
    click.echo(script.replace('string split ","', 'string split --max 1 ","'))
    return 0
