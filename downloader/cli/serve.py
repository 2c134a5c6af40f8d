"""``downloader serve``: the service."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from downloader import measures
from downloader.cli.grouped import Command
from downloader.cli.options import given_settings, measure, service_options
from downloader.cli.serving import serving_options, token
from downloader.settings import Settings
from downloader.surroundings import Surroundings


@click.command(
    "serve",
    cls=Command,
    short_help="Serve jobs over HTTP, with a page.",
    epilog="""\b
Examples:
  downloader serve --data data
  DOWNLOADER_TOKEN_FILE=token downloader serve --host 0.0.0.0 --public-host images.example
""",
)
@serving_options
@service_options
@click.option("-v", "--verbose", count=True, help="Log what is done to stderr.")
def command(**given: Any) -> int:
    """Serve jobs over HTTP: submit a list, watch it, get the images. With a page at the address it prints.

    The settings are those of every job, and the most that a client may ask for.
    """
    from downloader.cli.logs import start_logging
    from downloader.cli.voice import Voice
    from downloader.service import metrics
    from downloader.service.server import serve
    from downloader.service.serving import Bounds, Serving

    metrics.check()
    settings = given_settings(Settings(), given)
    secret, made = token(given, os.environ)
    start_logging(given["verbose"], Voice(sys.stderr))
    serving = Serving(
        data=Path(given["data"]),
        host=given["host"],
        port=given["port"],
        token=secret,
        no_auth=bool(given["no_auth"]),
        public_hosts=given["public_host"],
        max_running=given["max_running"],
        disk_floor=measure("disk-floor", measures.size, given["disk_floor"]),
        bounds=Bounds(
            body=measure("max-request", measures.size, given["max_request"]),
            unpacked=measure("max-list", measures.size, given["max_list"]),
            urls=given["max_urls"],
            job_bytes=measure("max-job-bytes", measures.size, given["max_job_bytes"]),
            job_pixels=measure("max-job-pixels", measures.count, given["max_job_pixels"]),
            waiting=given["max_waiting"],
        ),
        settings=settings,
        surroundings=Surroundings.of(os.environ),
        environment={name: value for name, value in os.environ.items() if not name.startswith("DOWNLOADER_")},
    )

    def announce(address: str) -> None:
        # The token is told once, when it is made; behind the "#" it reaches no server and no log.
        click.echo(f"the page is at {address}{f'#token={secret}' if made else ''}")

    serve(serving, announce)
    return 0
