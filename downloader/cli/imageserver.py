"""``downloader imageserver``: the local image server by itself."""

import click

from downloader import measures
from downloader.cli.grouped import Command
from downloader.cli.options import measure


@click.command(
    "imageserver",
    cls=Command,
    short_help="Serve real JPEGs on loopback addresses.",
    epilog="""\b
Examples:
  downloader imageserver
  downloader imageserver --port 8000 --hosts 16 --latency 100ms --size 20k --seed 1
""",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", default=8000, show_default=True, help="0 takes a free one."
)
@click.option("--host", "address", default="127.0.0.1", show_default=True, help="Address to listen on instead.")
@click.option(
    "--hosts",
    type=click.IntRange(1, 250),
    default=1,
    show_default=True,
    help="Loopback addresses to listen on.",
)
@click.option("--latency", default="100ms", show_default=True, metavar="TIME", help="Median time until an answer.")
@click.option("--size", default="20k", show_default=True, metavar="SIZE", help="Size of each image.")
@click.option(
    "--seed", type=int, metavar="N", default=1, show_default=True, help="Same seed, same images and latencies."
)
def command(port: int, address: str, hosts: int, latency: str, size: str, seed: int) -> int:
    """Serve real JPEGs on loopback addresses, at /image-0.jpg, /image-1.jpg and so on, until Ctrl-C."""
    from downloader.imageserver import Plan, run_forever

    plan = Plan(
        hosts=hosts,
        latency=measure("latency", measures.seconds, latency),
        size=measure("size", measures.size, size),
        seed=seed,
        address=address,
    )
    run_forever(plan, port, click.echo)
    return 0
