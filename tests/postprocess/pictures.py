"""Pictures with known content, and photographs with the statistics of natural ones, from a seed."""

import io

import numpy
from PIL import Image

from downloader.postprocess.chain import Chain
from downloader.settings import FilterRules

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "ICO")

WRITABLE = {
    "JPEG": "1 L RGB CMYK",
    "PNG": "1 L LA P RGB RGBA I;16",
    "WEBP": "L LA P RGB RGBA",
    "AVIF": "L RGB RGBA",
    "GIF": "1 L P RGB RGBA",
    "TIFF": "1 L LA P RGB RGBA CMYK I;16 I F",
    "BMP": "1 L P RGB",
    "ICO": "1 L P RGB RGBA",
}
"""What Pillow writes, by format."""

CASES = [(format_, mode) for format_, modes in WRITABLE.items() for mode in modes.split()]


def chain(*texts, **rules):
    """Make a chain as the command line would."""
    return Chain.of(texts, FilterRules(**rules))


def saved(image, format_, **options):
    """Give an image's file."""
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def opened(data):
    """Decode a file."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def ramp(mode="RGB", width=64, height=48):
    """Give grey tones that rise from black at the left to white at the right, in any mode."""
    tones = numpy.tile(numpy.linspace(0, 255, width), (height, 1))
    if mode == "I;16":
        return Image.fromarray((tones * 257).astype("uint16"))
    if mode == "I":
        return Image.fromarray((tones * 257).astype("int32"))
    if mode == "F":
        return Image.fromarray((tones / 255).astype("float32"))
    image = Image.fromarray(tones.round().astype("uint8"), "L")
    return image.convert("RGB").quantize(256) if mode == "P" else image.convert(mode)


def corners(width=40, height=24):
    """Give a picture whose four corners are red, green, blue and black, so that every turn shows."""
    image = Image.new("RGB", (width, height), "white")
    for place, colour in zip([(0, 0), (1, 0), (0, 1)], ["red", "lime", "blue"], strict=True):
        image.paste(colour, (place[0] * width // 2, place[1] * height // 2, *_half(place, width, height)))
    image.paste("black", (width // 2, height // 2, width, height))
    return image


def _half(place, width, height):
    return (place[0] + 1) * width // 2, (place[1] + 1) * height // 2


def _field(chance, width, height, power):
    across, down = numpy.fft.rfftfreq(width)[None], numpy.fft.fftfreq(height)[:, None]
    frequency = numpy.hypot(across, down)
    frequency[0, 0] = 1
    spectrum = chance.standard_normal(frequency.shape) + 1j * chance.standard_normal(frequency.shape)
    spectrum *= numpy.exp(-((frequency / 0.32) ** 2)) / frequency**power
    spectrum[0, 0] = 0
    field = numpy.fft.irfft2(spectrum, (height, width))
    return field / field.std()


def photograph(seed=0, width=1280, height=960):
    """Give a picture with the spectrum of natural ones, seen through a lens.

    Amplitudes fall as 1/f^1.2 (D. J. Field, 1987, found about 1/f), colours are smoother than light, and a Gaussian
    takes away what no lens resolves; as a JPEG of quality 89 it has 340 to 470 KB at 1.3 megapixels.
    """
    chance = numpy.random.default_rng(seed)
    light = 128 + 48 * _field(chance, width, height, 1.2)
    colours = [128 + 14 * _field(chance, width, height, 1.6) for _ in range(2)]
    return Image.fromarray(numpy.stack([light, *colours], -1).clip(0, 255).astype("uint8"), "YCbCr").convert("RGB")


def psnr(one, other):
    """Give the peak signal to noise ratio of two 8-bit pictures, in dB."""
    difference = numpy.asarray(one, float) - numpy.asarray(other, float)
    return 10 * numpy.log10(255**2 / max((difference**2).mean(), 1e-9))
