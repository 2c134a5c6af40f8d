"""Colour: every mode becomes the 8-bit sRGB tones it stands for."""

import io
import struct
import zlib

import numpy
import pytest
from PIL import Image, ImageCms

from tests.postprocess.pictures import CASES, chain, corners, opened, ramp, saved

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile():
    """Give an RGB profile in which red and green have changed places: applying it cannot be missed."""
    profile = bytearray(SRGB)
    count = struct.unpack_from(">I", profile, 128)[0]
    tags = {bytes(profile[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile).replace(b"s\0R\0G\0B\0", b"x\0R\0G\0B\0").replace(b"\0s\0R\0G\0B", b"\0x\0R\0G\0B")


@pytest.mark.parametrize(("format_", "mode"), CASES)
def test_every_mode_becomes_plain(format_, mode):
    """What comes out is L or RGB, with the tones that went in: nothing clipped, nothing white."""
    data = saved(ramp(mode), format_)
    done = chain("srgb")(data)
    image = opened(done.body or data)
    assert image.mode in ("L", "RGB") or format_ in ("WEBP", "AVIF", "GIF")
    grey = image.convert("L").resize((8, 1), Image.Resampling.BOX)
    wanted = ramp("L").resize((8, 1), Image.Resampling.BOX)
    assert [grey.getpixel((x, 0)) for x in range(8)] == pytest.approx(
        [wanted.getpixel((x, 0)) for x in range(8)], abs=10
    )


def test_sixteen_bits_are_exact():
    """Each 8-bit tone is the 16-bit one divided by 257, rounded."""
    values = numpy.arange(0, 65536, dtype="uint16").reshape(256, 256)
    done = opened(chain("srgb")(saved(Image.fromarray(values), "PNG")).body)
    assert done.mode == "L"
    assert numpy.array_equal(numpy.asarray(done), numpy.round(values / 257).astype("uint8"))


def big_endian():
    """Give a TIFF of 16-bit samples with the high byte first, which Pillow reads and does not write: a ramp."""
    samples = numpy.tile(numpy.linspace(0, 65535, 64), (48, 1)).astype(">u2").tobytes()
    tags = {256: 64, 257: 48, 258: 16, 259: 1, 262: 1, 273: 122, 277: 1, 278: 48, 279: len(samples)}
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + bytes(4) + samples


@pytest.mark.parametrize(
    "texts", ["srgb", "resize=32,keep-ratio-largest", "resize=4,keep-ratio-largest", "convert=png"]
)
def test_sixteen_bits_with_the_high_byte_first(texts):
    """They are resized as the numbers they are."""
    done = chain(texts, "srgb", "convert=png")(big_endian())
    tones = opened(done.body).resize((2, 1), Image.Resampling.BOX)
    assert [tones.getpixel((x, 0)) for x in range(2)] == pytest.approx([64, 191], abs=8)


def test_sixteen_bits_as_a_jpeg_are_not_white():
    """A format that has no 16 bits gets the tones too, with no srgb asked for."""
    done = opened(chain("convert=jpeg")(saved(ramp("I;16"), "PNG")).body)
    assert done.mode == "L"
    assert numpy.abs(numpy.asarray(done, int) - numpy.asarray(ramp("L"), int)).max() < 6


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (0, 65535), (-3, 9), (5, 1e9)])
def test_floats_fill_the_range_they_come_in(low, high):
    """Whatever range the samples have, the darkest becomes black and the brightest white."""
    tones = numpy.linspace(low, high, 256, dtype="float32").reshape(16, 16)
    done = numpy.asarray(opened(chain("srgb,convert=png")(saved(Image.fromarray(tones), "TIFF")).body), int)
    assert numpy.abs(done - numpy.arange(256).reshape(16, 16)).max() <= 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_floats_that_are_no_numbers_end_well(value):
    """A picture with such samples still comes out."""
    tones = numpy.array([[0.0, 0.5], [1.0, value]], dtype="float32")
    assert opened(chain("srgb,convert=png")(saved(Image.fromarray(tones), "TIFF")).body).size == (2, 2)


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_inks_become_colours(format_):
    """CMYK without a profile: full cyan is cyan; JPEG holds it inverted, as Adobe writes it."""
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    assert opened(chain("srgb")(saved(cyan, format_)).body).getpixel((8, 8)) == pytest.approx((0, 255, 255), abs=3)


def test_inks_by_their_profile():
    """A CMYK profile that cannot be used is as none; nothing of it goes along with the colours."""
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", icc_profile=SRGB)
    done = opened(chain("srgb")(data).body)
    assert done.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=3)
    assert "icc_profile" not in done.info


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_profile_is_applied_and_dropped(mode):
    """With red and green swapped in the profile, a red picture comes out green."""
    image = Image.new("RGB", (8, 8), (250, 0, 0)).convert(mode)
    done = opened(chain("srgb")(saved(image, "PNG", icc_profile=swapped_profile())).body)
    red, green, _ = done.convert("RGB").getpixel((4, 4))
    assert green > 240 > red + 100
    assert "icc_profile" not in done.info


def test_srgb_itself_needs_nothing():
    """A picture that names sRGB is as wanted: its bytes stay."""
    assert chain("srgb")(saved(corners(), "JPEG", icc_profile=SRGB)).body is None


def test_a_broken_profile_spoils_no_picture():
    """It is left out, and the colours are taken as they stand."""
    data = saved(corners(), "PNG", icc_profile=b"\0" * 200)
    assert opened(chain("srgb")(data).body).getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize(("background", "shown"), [("", 255), (",background=black", 0), (",#101010", 16)])
@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_what_is_clear_shows_the_background(mode, background, shown):
    """Half the picture is clear; the colour is white unless another is chosen."""
    image = Image.new("RGBA", (8, 8), (200, 200, 200, 255))
    image.paste((9, 9, 9, 0), (0, 0, 4, 8))
    done = opened(chain(f"srgb{background}")(saved(image.convert(mode), "PNG")).body).convert("RGB")
    assert done.getpixel((1, 1)) == (shown,) * 3
    assert done.getpixel((6, 6)) == pytest.approx((200, 200, 200), abs=3)


def test_one_clear_colour_is_transparency_too():
    """PNG can name a colour of an RGB picture as clear, without alpha."""
    data = saved(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(1, 2, 3))
    assert opened(chain("srgb")(data).body).getpixel((0, 0)) == (255, 255, 255)


def test_half_clear_is_mixed():
    """Alpha of a half gives the mean of both colours."""
    data = saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")
    assert opened(chain("convert=jpeg")(data).body).convert("L").getpixel((1, 1)) == pytest.approx(127, abs=2)


def test_a_profile_stays_with_its_colours():
    """Resizing keeps the profile; writing inks as colours does not keep the inks' one."""
    profile = swapped_profile()
    kept = opened(chain("resize=8")(saved(corners(), "JPEG", icc_profile=profile)).body)
    assert kept.info["icc_profile"] == profile
    inks = saved(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=profile)
    assert "icc_profile" not in opened(chain("convert=png")(inks).body).info


def test_lab_pictures():
    """TIFF can hold CIE L*a*b*: mid grey stays mid grey."""
    lab = Image.new("LAB", (8, 8), (137, 128, 128))
    red, green, blue = opened(chain("convert=png")(saved(lab, "TIFF")).body).getpixel((4, 4))
    assert max(red, green, blue) - min(red, green, blue) < 6
    assert 110 < green < 145


def rgb48():
    """Give a PNG of 16 bits a channel, which Pillow cannot write: mid grey."""
    chunk = lambda kind, body: (  # noqa: E731
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    )
    rows = (b"\0" + struct.pack(">HHH", 0x8000, 0x8000, 0x8000) * 4) * 4
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_sixteen_bits_a_channel():
    """Colours of 16 bits become those of 8."""
    image = Image.open(io.BytesIO(chain("resize=2")(rgb48()).body))
    assert image.getpixel((0, 0)) == pytest.approx((128, 128, 128), abs=1)
