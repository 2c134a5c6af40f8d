"""Photographs brought to 256 pixels: ours and img2dataset in turn, on the same list and the same nginx.

The middle square of each is stored at 256 x 256. A run counts only if every URL has its picture, whole, of the right
size, and showing what the photograph shows.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy
from harness import nginx, report
from harness.bars import Bar
from harness.contest import Contest
from harness.ours import ours
from harness.peers import PEERS
from harness.photographs import Corpus, sizes
from harness.stage import Stage, Told
from harness.turns import Course, Tool, Unfit
from PIL import Image

TITLE = "Photographs to 256 pixels, 2 workers"

ROOM = 1
"""GiB that its runs fill in a whole benchmark: nothing is deleted before the end."""

SIDE = 256

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


FETCHES = (1_200, 120)
"""Lengths of the list in a whole benchmark and in a quick one."""

QUALITIES = {"ours-good": 1.5, "ours-fast": 3.5}
"""Ours by name, and the least that it must store, in the peer's images a second."""

PEER = "img2dataset"

THREADS = 16
"""Of each of the peer's two processes: 16, 32 and 64 cost it the same."""


def bench(stage: Stage) -> Told:
    """Make the photographs once, and run all in turn.

    The bar is held by whole runs: a list of one image is no measure of a start that goes on in every share of the list.
    """
    corpus = Corpus(side=SIDE).folder(stage.cache)
    weights = sizes(corpus)
    contest, proof = Contest(), Likeness(corpus / "references")
    with nginx.serving(corpus) as server:
        urls = [
            f"{server.address}/photographs/{number % len(weights)}.jpg?n={number // len(weights)}"
            for number in range(stage.length(*FETCHES))
        ]
        tools = contest.gather(_makers(stage, len(urls)).items())
        course, start = Course(f"{len(urls):,} photographs", urls, proof), Course("start-up", urls[:1], proof)
        contest.hold(stage.track("resize", server), start, [(tool, course) for tool in tools], stage.rounds)
    bars = [Bar(name, PEER, bar) for name, bar in QUALITIES.items() if name in stage.asked(QUALITIES)]
    about = {"photographs": len(weights), "mean_bytes": statistics.fmean(weights)}
    told = f"{report.rates(contest)}\n\n{report.ratios(contest, bars, held_by_whole=True)}"
    return Told(told, {**report.entries(contest), **about})


def _makers(stage: Stage, fetches: int) -> Mapping[str, Callable[[], Tool]]:
    own = {name: partial(_ours, stage, name) for name in stage.asked(QUALITIES)}
    return own | {name: partial(_peer, stage, fetches) for name in stage.asked([PEER])}


def _ours(stage: Stage, name: str) -> Tool:
    """Give our own tool, whose workers are processes."""
    work = f"resize={SIDE},center-crop,quality={name.removeprefix('ours-')}"
    return ours(stage.downloader, "ours-async", "--process", work, "--workers", "2", jobs=32, title=name)


def _peer(stage: Stage, fetches: int) -> Tool:
    """Give the peer as on small files, but that it makes pictures."""
    peer = next(peer for peer in PEERS if peer.name == PEER)
    changed = {"--resize_mode": "center_crop", "--disable_all_reencoding": "False", "--thread_count": str(THREADS)}
    options = list(peer.options)
    for option, value in changed.items():
        options[options.index(option) + 1] = value
    return replace(peer, options=options).tool(stage.cache, fetches, "--image_size", str(SIDE))
