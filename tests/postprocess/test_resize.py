"""Resizing: what each mode means, and how much of a photograph each quality keeps."""

import statistics
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.postprocess.pictures import CASES, chain, opened, photograph, psnr, ramp, saved

SHAPES = [
    ("border", (64, 48), (20, 20)),
    ("keep-ratio", (64, 48), (27, 20)),
    ("keep-ratio", (48, 64), (20, 27)),
    ("keep_ratio", (64, 48), (27, 20)),
    ("keep-ratio-largest", (64, 48), (20, 15)),
    ("keep_ratio_largest", (48, 64), (15, 20)),
    ("center-crop", (64, 48), (20, 20)),
    ("center_crop", (10, 12), (20, 20)),
    ("border", (10, 12), (20, 20)),
    ("keep-ratio", (10, 12), (20, 24)),
    ("border,only-larger", (10, 12), (10, 12)),
    ("border,only-larger", (10, 21), (20, 20)),
    ("center-crop,only-larger", (19, 64), (19, 64)),
    ("center-crop,only-larger", (21, 64), (20, 20)),
    ("keep-ratio,only-larger", (64, 20), (64, 20)),
    ("keep-ratio-largest,only-larger", (64, 20), (20, 6)),
]


@pytest.mark.parametrize(("mode", "source", "size"), SHAPES)
def test_each_mode_means_what_img2dataset_means(mode, source, size):
    """Which side becomes SIZE, when it is done at all, and whether a square is made of it."""
    data = saved(ramp("RGB", *source), "PNG")
    done = chain(f"resize=20,{mode}")(data)
    assert (done.width, done.height) == size
    assert (done.source_width, done.source_height) == source
    assert opened(done.body or data).size == size


def test_the_border_is_white_and_the_picture_in_the_middle():
    """A wide picture gets bands above and below; an odd row goes below."""
    done = opened(chain("resize=20,border")(saved(Image.new("RGB", (40, 22), "red"), "PNG")).body)
    column = [done.getpixel((10, row)) for row in range(20)]
    assert column == [(255, 255, 255)] * 4 + [(255, 0, 0)] * 11 + [(255, 255, 255)] * 5


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK", "I;16", "F"])
def test_the_border_is_white_in_every_mode(mode):
    """White is another number in each of them."""
    done = opened(chain("resize=20,border")(saved(ramp(mode, 40, 20), "TIFF")).body)
    assert done.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_the_middle_is_cut_out():
    """Three stripes, and the middle one is as wide as the picture is high."""
    image = Image.new("RGB", (300, 100), "red")
    image.paste("lime", (100, 0, 200, 100))
    done = opened(chain("resize=50,center-crop")(saved(image, "PNG")).body)
    assert {done.getpixel((x, 25)) for x in range(2, 48)} <= {(0, 255, 0), (1, 254, 0)}


@pytest.mark.parametrize(("format_", "mode"), CASES)
def test_every_format_and_mode(format_, mode):
    """Tones stay what they are, dark at the left and bright at the right, whatever holds them."""
    done = chain("resize=32,keep-ratio-largest")(saved(ramp(mode), format_))
    image = opened(done.body)
    assert image.size == (done.width, done.height) == (32, 24)
    grey = opened(chain("srgb,convert=png")(done.body).body or done.body).convert("L")
    tones = [grey.resize((4, 1), Image.Resampling.BOX).getpixel((x, 0)) for x in range(4)]
    assert tones == pytest.approx([32, 96, 160, 224], abs=14)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
@pytest.mark.parametrize("quality", ["good", "fast"])
def test_every_mode_shrinks_far(mode, quality):
    """To a twelfth, where pixels are averaged before they are filtered."""
    done = opened(chain(f"resize=20,center-crop,{quality}", "srgb")(saved(ramp(mode, 320, 240), "TIFF")).body)
    tones = [done.convert("L").resize((2, 1), Image.Resampling.BOX).getpixel((x, 0)) for x in range(2)]
    assert tones == pytest.approx([80, 175], abs=14)


@settings(max_examples=60)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    size=st.integers(1, 80),
    mode=st.sampled_from(["border", "keep-ratio", "keep-ratio-largest", "center-crop"]),
    more=st.sampled_from(["", ",only-larger", ",fast"]),
)
def test_any_size_and_shape(width, height, size, mode, more):
    """Down to lines of one pixel: the sides are as the mode says, none is 0, and the file says the same."""
    if mode == "keep-ratio" and max(width, height) / min(width, height) * size > 2000:
        return
    data = saved(Image.new("RGB", (width, height), "teal"), "JPEG")
    done = chain(f"resize={size},{mode}{more}")(data)
    assert opened(done.body or data).size == (done.width, done.height)
    side = min if mode == "keep-ratio" else max
    if "only" in more and side(width, height) <= size and mode != "center-crop":
        assert done.body is None
    elif "only" not in more:
        assert side(done.width, done.height) == size


def test_a_picture_of_the_wanted_size_keeps_its_bytes():
    """Nothing to do is nothing done."""
    data = saved(photograph(0, 128, 128), "JPEG")
    assert chain("resize=128,center-crop")(data).body is None
    assert chain("resize=128,border")(data).body is None


@cache
def photographs():
    """Give photographs as files, and what a full decode with Lanczos makes of each at 256 pixels."""
    files = [saved(photograph(seed, *size), "JPEG", quality=89) for seed, size in enumerate(SIZES)]
    return [(file, _reference(opened(file))) for file in files]


SIZES = [(1100, 800), (1024, 1536), (1333, 1000)]


def _reference(image):
    factor = 256 / min(image.size)
    scaled = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)
    left, top = (scaled.width - 256) // 2, (scaled.height - 256) // 2
    return scaled.crop((left, top, left + 256, top + 256))


@pytest.mark.parametrize(("quality", "as_stored", "as_pixels"), [("good", 38.0, 48.0), ("fast", 33.5, 36.0)])
def test_how_much_each_quality_keeps(quality, as_stored, as_pixels):
    """The bars hold for the files as they are stored, encoded anew, and well above for the pixels alone."""
    resize = f"resize=256,center-crop,quality={quality}"
    stored = [psnr(opened(chain(resize)(file).body), wanted) for file, wanted in photographs()]
    pixels = [psnr(opened(chain(resize, "convert=png")(file).body), wanted) for file, wanted in photographs()]
    assert statistics.mean(stored) >= as_stored
    assert statistics.mean(pixels) >= as_pixels


def test_fast_decodes_less():
    """Each asks for as much as it needs, a dhash before the resizing for all, and one behind it for no more."""
    data = saved(ramp("RGB", 400, 400), "JPEG")

    def decoded_at(*texts):
        steps = chain(*texts)
        return max(steps._needed(_header(data)))

    assert decoded_at("resize=100,fast") == (100, 100)
    assert decoded_at("resize=100") == (150, 150)
    assert decoded_at("fingerprint,resize=100") == (400, 400)
    assert decoded_at("resize=100,fingerprint") == (150, 150)
    assert decoded_at("thumbnail=50,orient") == (400, 400)


def _header(data):
    from downloader.postprocess.picture import Picture
    from downloader.settings import FilterRules

    return Picture(data, FilterRules()).header
