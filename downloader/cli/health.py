"""``downloader health``: whether the service answers, for a container's HEALTHCHECK."""

import click

from downloader.cli.grouped import Command
from downloader.cli.serving import ADDRESS

PATIENCE = 5.0


@click.command(
    "health",
    cls=Command,
    short_help="Ask whether the service answers.",
    epilog="\b\nExamples:\n  downloader health --port 8080\n",
)
@ADDRESS[0]
@ADDRESS[1]
def command(host: str, port: int) -> int:
    """Ask the service at its address whether it answers; exits 0 if it does, 1 if not."""
    import http.client  # which loads ssl

    at = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - asked from the same machine
    connection = http.client.HTTPConnection(at, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        click.echo(f"downloader: nothing answers at {at}:{port}: {error}", err=True)
        return 1
    finally:
        connection.close()
    if status != 200:
        click.echo(f"downloader: {at}:{port} answers {status}", err=True)
    return 0 if status == 200 else 1
