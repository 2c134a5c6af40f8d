"""Photographs from a seed, with the statistics of natural ones, and how they look at the size of a benchmark.

Needs NumPy and Pillow.
"""

import io
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFilter

SIDES = (
    (1026, 768),
    (1197, 896),
    (1368, 1024),
    (1539, 1152),
    (1152, 768),
    (1344, 896),
    (1536, 1024),
    (1368, 768),
    (1596, 896),
    (1152, 1152),
)
"""Nearly 4:3, 3:2, 16:9 and 1:1. At 256 pixels on the shorter side the longer one comes out whole and even, so that no
tool has to round, and all must agree to the pixel on where the middle is."""

QUALITY = 90
"""Of the JPEGs, as cameras and web sites write them."""

LEAVES = 300
"""Things in front of one another in a photograph: they make its edges and its smooth regions."""

RECIPE = 1
"""Part of the name of the folder: raise it with every change to what a seed gives."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """How many photographs, from which seed; and the size at which they are compared."""

    count: int = 400
    seed: int = 1
    side: int = 256

    def folder(self, root: Path) -> Path:
        """Give the folder that holds the finished corpus, making it once.

        ``photographs/N.jpg`` are served; ``references/N.png`` are their middle squares, fully decoded and brought to
        ``side`` pixels with Lanczos: what every tool's pictures are held against.
        """
        told = json.dumps([RECIPE, QUALITY, LEAVES, SIDES, asdict(self)])
        finished = root / f"photographs-{sha256(told.encode()).hexdigest()[:12]}"
        if not finished.is_dir():
            with tempfile.TemporaryDirectory(dir=root) as part:
                self._make(Path(part, "corpus")).rename(finished)
        return finished

    def _make(self, folder: Path) -> Path:
        for name in ("photographs", "references"):
            (folder / name).mkdir(parents=True)
        with ProcessPoolExecutor() as pool:
            for _ in pool.map(partial(_write, folder, self.seed, self.side), range(self.count)):
                pass
        return folder


def sizes(folder: Path) -> Sequence[int]:
    """Give the bytes of each photograph, which also brings them into memory: no run reads them from the disk."""
    return [len(path.read_bytes()) for path in sorted((folder / "photographs").iterdir())]


def photograph(seed: int, number: int) -> Image.Image:
    """Give one photograph: things with textures, out of focus by their depth, through a lens onto a noisy sensor.

    Leaves of all sizes that hide one another have the edges and the scale invariance of natural scenes (A. B. Lee,
    D. Mumford and J. Huang, 2001); their textures have amplitudes that fall as 1/f (D. J. Field, 1987).
    """
    chance = numpy.random.default_rng([seed, number])
    size = SIDES[number % len(SIDES)]
    size = size[::-1] if chance.random() < 0.3 else size
    scene = numpy.asarray(_scene(chance, size), numpy.float32)
    light = _texture(chance, size, 1.05)[..., None] * chance.uniform(16, 30)
    tint = numpy.stack([_texture(chance, size, 1.5) for _ in range(3)], -1) * 5
    noise = chance.standard_normal(scene.shape, numpy.float32) * chance.uniform(1.5, 3.5)
    # Textures are strong on some things and faint on others, as grass is beside sky.
    strength = numpy.asarray(_scene(chance, size).convert("L"), numpy.float32)[..., None] / 128
    exposed = scene + light * strength + tint + noise
    return Image.fromarray(exposed.clip(0, 255).astype("uint8"))


def _scene(chance: numpy.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Draw leaves from the farthest to the nearest; radii fall as 1/r^3, as the theory asks."""
    image = Image.new("RGB", size, _colour(chance))
    draw = ImageDraw.Draw(image)
    for _ in range(LEAVES):
        radius = min(14 / numpy.sqrt(chance.random()), max(size) / 3)
        across, down = chance.random(2) * size
        stretch = chance.uniform(0.5, 1)
        box = (across - radius, down - radius * stretch, across + radius, down + radius * stretch)
        if chance.random() < 0.5:
            draw.ellipse(box, _colour(chance))
        else:
            corners, turn = int(chance.integers(3, 7)), chance.uniform(0, 360)
            draw.regular_polygon((across, down, radius), corners, turn, _colour(chance))
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(0.6, 1.2)))


def _colour(chance: numpy.random.Generator) -> tuple[int, int, int]:
    grey = chance.normal(122, 48)
    red, green, blue = (grey + chance.normal(0, 10, 3)).clip(4, 250).astype(int)
    return int(red), int(green), int(blue)


def _texture(chance: numpy.random.Generator, size: tuple[int, int], power: float) -> numpy.ndarray:
    """Give a field of mean 0 and variance 1 whose amplitudes fall as 1/f to a power, up to what a lens resolves."""
    width, height = size
    frequency = numpy.hypot(numpy.fft.rfftfreq(width)[None], numpy.fft.fftfreq(height)[:, None])
    frequency[0, 0] = 1
    phases = numpy.exp(2j * numpy.pi * chance.random(frequency.shape))
    spectrum = phases * numpy.exp(-((frequency / 0.39) ** 2)) / frequency**power
    spectrum[0, 0] = 0
    field = numpy.fft.irfft2(spectrum, (height, width))
    return field / field.std()


def reference(image: Image.Image, side: int) -> Image.Image:
    """Give the middle square at ``side`` pixels, as the best filter sees it."""
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    return image.resize((side, side), Image.Resampling.LANCZOS, box=(left, top, left + short, top + short))


def _write(folder: Path, seed: int, side: int, number: int) -> None:
    buffer = io.BytesIO()
    photograph(seed, number).save(buffer, "JPEG", quality=QUALITY)
    (folder / "photographs" / f"{number}.jpg").write_bytes(buffer.getvalue())
    reference(Image.open(buffer), side).save(folder / "references" / f"{number}.png")
