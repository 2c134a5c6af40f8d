"""Photographs brought to 256 pixels: ours and img2dataset in turn, on the same list and the same nginx.

    python benchmarks/resize.py --rounds 5 --json resize.json

1,200 fetches of 400 photographs of about 355 KB, the middle square of each stored at 256 x 256. A tool's images a
second count from the start of its process to its end; its start-up is what a list of one image takes. A run counts only
if every URL has its picture, whole, of the right size, and showing what the photograph shows.
"""

import argparse
import json
import os
import shlex
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy
from harness import nginx, report
from harness.environments import environment
from harness.photographs import Corpus, sizes
from harness.turns import Course, Run, Tool, Track, Unfit
from PIL import Image

SIDE = 256

PEER = "img2dataset==1.47.*"

PEER_BEFORE = (3, 13)
"""The peer imports imghdr, which Python 3.13 has no more."""

SHARDS = 8
"""Shares in which the peer gets the list. With its default, 10,000 a share, one of its two processes would do all the
work; each of them starts anew after five shares, so that more than ten would cost it imports."""

BARS = {"good": 1.5, "fast": 3.5}
"""The least that ours must store, in the peer's images a second, by quality."""

SAME = 25.0
"""PSNR in dB above which a picture shows the photograph it is named for; two different ones agree to 6 to 15 dB."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Judges the pictures of a run against the references of their photographs."""

    references: Path

    def __call__(self, stored: Mapping[str, Path]) -> Mapping[str, float]:
        """Give the mean and the worst PSNR in dB; raises Unfit for a picture that is not whole or not the right one."""
        found = {url: self._psnr(url, path) for url, path in stored.items()}
        worst = min(found, key=found.__getitem__)
        if found[worst] < SAME:
            raise Unfit(f"{worst!r} was stored as another picture: {found[worst]:.1f} dB")
        return {"PSNR, dB": statistics.fmean(found.values()), "worst, dB": found[worst]}

    def _psnr(self, url: str, path: Path) -> float:
        reference = self.references / Path(urlsplit(url).path).with_suffix(".png").name
        difference = _pixels(path) - _pixels(reference)
        return float(10 * numpy.log10(255**2 / max((difference**2).mean(), 1e-9)))


def _pixels(path: Path) -> numpy.ndarray:
    """Decode every pixel."""
    try:
        with Image.open(path) as image:
            pixels = numpy.asarray(image.convert("RGB"), numpy.float32)
    except OSError as error:
        raise Unfit(f"{str(path)!r} cannot be decoded: {error}") from error
    if pixels.shape != (SIDE, SIDE, 3):
        raise Unfit(f"{str(path)!r} has {pixels.shape[1]} x {pixels.shape[0]} pixels")
    return pixels


def ours(downloader: Sequence[str], quality: str, workers: int) -> Tool:
    """Give our own tool."""

    def command(urls: Path, folder: Path) -> Sequence[str]:
        way = ["--engine", "async", "--jobs", "32", "--per-host", "0", "--progress", "none"]
        work = ["--process", f"resize={SIDE},center-crop,quality={quality}", "--workers", str(workers)]
        return [*downloader, "get", "-i", str(urls), "-o", str(folder), "--allow-private", *way, *work]

    return Tool(f"downloader, {quality}", command, _in_manifest)


def _in_manifest(folder: Path) -> Mapping[str, Path]:
    with closing(sqlite3.connect(folder / ".downloader" / "manifest.sqlite")) as database:
        rows = database.execute("SELECT url, path FROM images WHERE status = 'saved'").fetchall()
    return {url: folder / path for url, path in rows}


def peer(commands: Path, threads: int, images: int) -> Tool:
    """Give img2dataset with two processes, told to look at no headers and to ask again for nothing."""

    def command(urls: Path, folder: Path) -> Sequence[str]:
        return [
            *(str(commands / "img2dataset"), "--url_list", str(urls), "--input_format", "txt"),
            *("--output_folder", str(folder), "--output_format", "files"),
            *("--image_size", str(SIDE), "--resize_mode", "center_crop"),
            *("--processes_count", "2", "--thread_count", str(threads)),
            *("--number_sample_per_shard", str(-(-images // SHARDS))),
            *("--disallowed_header_directives", "[]", "--retries", "0", "--enable_wandb", "False"),
        ]

    # A library of the peer's asks for its own newest version at every start.
    quiet = {"NO_ALBUMENTATIONS_UPDATE": "1"}
    return Tool(f"img2dataset, {threads} threads", command, _beside_json, quiet)


def _beside_json(folder: Path) -> Mapping[str, Path]:
    """Give the pictures of img2dataset, which writes what it knows of each beside it."""
    told = {path: json.loads(path.read_bytes()) for path in folder.glob("*/*.json")}
    return {about["url"]: path.with_suffix(".jpg") for path, about in told.items() if about["status"] == "success"}


def measure(
    track: Track, tools: Sequence[Tool], courses: Sequence[Course], rounds: int
) -> Sequence[Mapping[str, Sequence[Run]]]:
    """Run the tools in turn and give, for each course, the runs by the tool's name; says on stderr how each went."""
    runs: dict[str, dict[str, list[Run]]] = {course.name: {tool.name: [] for tool in tools} for course in courses}
    for run in track.turns(tools, courses, rounds):
        runs[run.course][run.tool].append(run)
        print(f"{run.tool}, {run.course}: {run.usage.seconds:.2f} s", file=sys.stderr, flush=True)
    return list(runs.values())


def chosen_tools(chosen: argparse.Namespace) -> Sequence[Tool]:
    """Give the tools that the command line names; installs the peer."""
    own = [ours(shlex.split(chosen.downloader), quality, chosen.workers) for quality in chosen.qualities]
    commands = environment(chosen.cache, PEER, PEER_BEFORE)
    return [*own, *(peer(commands, threads, chosen.fetches) for threads in chosen.peer_threads)]


def bench(chosen: argparse.Namespace) -> None:
    """Make what is needed, run all, print the tables and write the JSON file."""
    tools = chosen_tools(chosen)
    corpus = Corpus(side=SIDE).folder(chosen.cache)
    weights = sizes(corpus)
    with ExitStack() as stack:
        server = stack.enter_context(nginx.serving(corpus))
        track = Track(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="resize-"))), server.cpu)
        urls = [
            f"{server.address}/photographs/{number % len(weights)}.jpg?n={number // len(weights)}"
            for number in range(chosen.fetches)
        ]
        proof = Likeness(corpus / "references")
        start = Course("start-up", urls[:1], proof)
        measure(track, tools, [start], 1)  # not counted: bytecode is written, and pages are read, once
        starts, runs = measure(track, tools, [start, Course("resize", urls, proof)], chosen.rounds)
    tell(chosen, weights, starts, runs)


def tell(
    chosen: argparse.Namespace,
    weights: Sequence[int],
    starts: Mapping[str, Sequence[Run]],
    runs: Mapping[str, Sequence[Run]],
) -> None:
    """Print the tables; ours stand against the best of the peer's."""
    print(report.rates(runs, starts))
    rate = {name: statistics.median(run.rate for run in own) for name, own in runs.items() if "img2dataset" in name}
    bars = {f"downloader, {quality}": bar for quality, bar in BARS.items()}
    print(f"\n{report.ratios(runs, max(rate, key=rate.__getitem__), bars)}")
    if chosen.json:
        every = [run for own in (*starts.values(), *runs.values()) for run in own]
        report.write(chosen.json, every, photographs=len(weights), mean_bytes=statistics.fmean(weights))


def cache() -> Path:
    """Give the folder that keeps the corpus and the peers from one benchmark to the next."""
    return Path(tempfile.gettempdir(), f"downloader-benchmarks-{os.getuid()}")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = partial(parser.add_argument, metavar="N", type=int)
    add("--rounds", default=5, help="runs of each tool (default 5)")
    add("--fetches", default=1200, help="length of the list (default 1200)")
    add("--workers", default=2, help="processes of ours that resize (default 2)")
    add("--qualities", type=lambda text: text.split(","), default=list(BARS), metavar="A,B", help="of ours")
    threads = "of each process of the peer; of several the best counts (default 16)"
    add("--peer-threads", type=lambda text: [*map(int, text.split(","))], default=[16], metavar="N,M", help=threads)
    own = shlex.quote(str(Path(sys.executable).with_name("downloader")))
    add("--downloader", type=str, default=own, metavar="COMMAND", help="ours (default: this Python's)")
    add("--cache", type=Path, default=cache(), metavar="DIR", help="of photographs and peers (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="every run, for programs")
    return parser.parse_args()


def main() -> None:
    """Measure, and print Markdown tables."""
    chosen = options()
    chosen.cache.mkdir(exist_ok=True)
    if chosen.cache.stat().st_uid != os.getuid():
        sys.exit(f"{str(chosen.cache)!r} belongs to somebody else: name another folder with --cache")
    try:
        nginx.found()
        bench(chosen)
    except (Unfit, FileNotFoundError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
