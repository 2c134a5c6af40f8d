"""``downloader demo``: the founding job, ten images in parallel, with what became of each."""

import sys
from pathlib import Path

import click

from downloader.cli.grouped import Command
from downloader.cli.layers import read_config, ready_made
from downloader.settings import Settings

IMAGES = 10
FAILS_ONCE = 3


@click.command(
    "demo",
    cls=Command,
    short_help="Fetch ten images from a local server, a thread for each.",
    epilog="\b\nExamples:\n  downloader demo\n  downloader demo && downloader status temp\n",
)
def command() -> int:
    """Fetch ten images from a local server, a thread for each, into temp/."""
    from downloader.cli.logs import start_logging
    from downloader.cli.running import stoppable
    from downloader.cli.voice import Voice
    from downloader.imageserver import ImageServer, Plan
    from downloader.job import Job, run_job
    from downloader.manifest.mend import forget
    from downloader.ports import Control
    from downloader.sources.files import Lists

    start_logging(0, Voice(sys.stderr))
    settings = Settings().replace(**read_config(ready_made("ten-images")))
    forget(Path(settings.output.output), "http://127.0.0.1:%/image-%.jpg")  # an earlier demo, on another port
    plan = Plan(latency=0.3, size=20 << 10, seed=1, flaky=frozenset({FAILS_ONCE}))
    control = Control()
    with ImageServer(plan) as server, stoppable(control, settings.ending):
        _head(server.port, settings)
        job = Job(Lists(server.urls(IMAGES)), settings)
        report = run_job(job, control, [_print_joined])
    print(f"\n{report.saved} of {IMAGES} images in {settings.output.output}/, {report.attempts} threads joined")
    print(f"total time {report.seconds:.2f} s; one after another would have taken {report.seconds_at_work:.2f} s")
    return report.exit_status()


def _head(port: int, settings: Settings) -> None:
    print(f"ten images from http://127.0.0.1:{port}/, at most {settings.pace.jobs} threads at work (a Semaphore)\n")
    print(f"{'joined':<8} {'native id':>9}  {'image':<12} {'bytes':>6} {'seconds':>7}  {'attempt':>7}")


def _print_joined(event: object) -> None:
    from downloader.model import AttemptEnded

    if not isinstance(event, AttemptEnded):
        return
    image = event.task.url.rpartition("/")[2]
    said = "" if event.code is None else f"  {event.code}: {event.detail}"
    if event.retry_in is not None:
        said += f"; again in {event.retry_in:.2f} s"
    who = f"{event.worker.name:<8} {event.worker.native_id or 0:>9}"
    print(
        f"{who}  {image:<12} {event.size:>6} {event.seconds:>7.2f}  {event.number:>7}{said}",
        file=sys.stdout,
        flush=True,
    )
