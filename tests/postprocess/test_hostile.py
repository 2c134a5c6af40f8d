"""Bytes that mean no good: what comes of them is an error of ours, and never more than the rules allow."""

import pickle
import struct
import zlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from downloader.errors import Filtered, ProcessError, TruncatedImage, Undecodable
from downloader.postprocess import decoding
from downloader.settings import FilterRules
from tests.postprocess.pictures import FORMATS, chain, corners, opened, photograph, saved
from tests.postprocess.test_metadata import tags
from tests.support import images

EVERYTHING = "orient,srgb,fingerprint,thumbnail=16,resize=24,strip=all"


@cache
def sample(format_):
    """Give a small file of a format, with metadata where it can hold them."""
    image = photograph(1, 64, 48)
    return saved(image, format_, **({"exif": tags(6)} if format_ in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF") else {}))


@cache
def moving(format_):
    """Give a small animation."""
    frames = [photograph(seed, 32, 24) for seed in range(3)]
    return saved(frames[0], format_, save_all=True, append_images=frames[1:], duration=50)


def worked_on(run, data):
    """Give what came of the bytes, or the error of ours; anything else fails the test."""
    try:
        return run(data)
    except (Filtered, ProcessError) as error:
        return error


@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=40)
@given(data=st.data())
def test_flipped_bits_raise_nothing_else(format_, data):
    """A few bytes changed, in any format: pixels come out, or one of our errors."""
    body = bytearray(sample(format_))
    for _ in range(data.draw(st.integers(1, 6))):
        near_head = data.draw(st.booleans())
        at = data.draw(st.integers(0, min(len(body), 200 if near_head else len(body)) - 1))
        body[at] = data.draw(st.integers(0, 255))
    worked_on(chain(EVERYTHING, max_pixels=100_000), bytes(body))
    worked_on(chain("strip=gps", max_pixels=100_000), bytes(body))


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "TIFF"])
@settings(max_examples=40)
@given(data=st.data())
def test_flipped_bits_in_animations_raise_nothing_else(format_, data):
    """The same with every frame decoded."""
    body = bytearray(moving(format_))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    worked_on(chain("resize=8", frames="all", max_pixels=100_000), bytes(body))
    worked_on(chain(max_pixels=100_000), bytes(body))


@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=25)
@given(share=st.floats(0, 0.9))
def test_cut_files_are_found(format_, share):
    """Cut in any place of the first nine tenths, no file passes; it is truncated, or too short to be any image."""
    whole = sample(format_)
    with pytest.raises(ProcessError):
        chain()(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("texts", [[], ["resize=16,fast"], ["thumbnail=8"], ["strip=all"]])
def test_files_cut_in_their_pixels_are_truncated(format_, texts):
    """Also where a JPEG is decoded at an eighth: all of its data are read."""
    whole = saved(photograph(2, 320, 240), format_)
    with pytest.raises(TruncatedImage):
        chain(*texts)(whole[: len(whole) * 7 // 10])


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_animations_cut_in_a_later_frame_are_truncated(format_):
    """The first frame is whole; the bytes would be kept, so the others must be as well."""
    whole = moving(format_)
    with pytest.raises(ProcessError):
        chain()(whole[: len(whole) * 8 // 10])


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xd8\xff", b"<html>", bytes(1000), images.head("heic"), images.head("jxl")]
)
def test_what_is_no_image_or_has_no_decoder(body):
    """One error says both, and in words."""
    with pytest.raises((Undecodable, TruncatedImage)) as caught:
        chain()(body)
    assert caught.value.detail


@pytest.mark.parametrize("format_", [*FORMATS, "PPM", "EPS", "PSD"][8:])
def test_only_known_formats_are_opened(format_):
    """Pillow reads forty formats, one by running a program: bytes choose among ours only."""
    data = {"PPM": b"P6 2 2 255 " + bytes(12), "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n", "PSD": b"8BPS\0\1" + bytes(30)}
    with pytest.raises(Undecodable):
        chain()(data[format_])


def bomb(width, height):
    """Give a PNG of zeros: small as a file, and gigabytes as pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1 << 20))), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


BOMBS = {
    "png": bomb(50_000, 50_000),
    "gif": b"GIF89a"
    + struct.pack("<HH", 65535, 65535)
    + b"\0\0\0,\0\0\0\0"
    + struct.pack("<HH", 65535, 65535)
    + b"\0\2\1\1\0;",
    "webp": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0" * 2 + b"VP8 \0\0\0\0",
    "bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("format_", BOMBS)
def test_bombs_are_refused_by_their_headers(format_, recwarn):
    """Nothing is decoded, nothing is warned of, and the reason names the limit."""
    with pytest.raises(Filtered, match="more than --max-pixels 50000000"):
        chain()(BOMBS[format_])
    assert not recwarn.list


def test_the_limit_is_exact_and_ours():
    """Pillow's own limit is another; neither its warning nor its error is seen."""
    data = saved(Image.new("L", (100, 100)), "PNG")
    assert chain(max_pixels=10_000)(data).width == 100
    with pytest.raises(Filtered, match="100x100"):
        chain(max_pixels=9_999)(data)
    assert chain(max_pixels=0)(data).width == 100


def test_an_icon_may_not_hold_a_bomb():
    """The list of an icon says 16 pixels, the picture in it says millions."""
    inner = bomb(9000, 9000)
    icon = b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + struct.pack("<II", len(inner), 22) + inner
    with pytest.raises(Filtered, match="max-pixels"):
        chain(max_pixels=1_000_000)(icon)


def test_frames_larger_than_the_header_are_refused():
    """A GIF's later frame may reach past the screen it announced."""
    data = bytearray(moving("GIF"))
    at = data.rfind(b"\x2c")  # the last frame's descriptor, behind its delay
    at = next(
        p
        for p in range(len(data) - 1, 0, -1)
        if data[p] == 0x2C and data[p + 1 : p + 5] == bytes(4) and data[p - 8 : p - 6] == b"\x21\xf9"
    )
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(Filtered, match="max-pixels"):
        chain("resize=8", frames="all")(bytes(data))


def test_the_pixels_of_all_frames_count():
    """With --frames all, memory is needed for every one."""
    data = moving("GIF")
    assert chain(max_pixels=32 * 24)(data).width == 32
    with pytest.raises(Filtered, match="3 frames of 32x24"):
        chain(frames="all", max_pixels=32 * 24 * 2)(data)


@pytest.mark.parametrize("foreign", decoding.FOREIGN)
def test_every_foreign_error_has_ours(foreign):
    """And those derived from them, the most specific first."""
    with pytest.raises(decoding.FOREIGN[foreign]) as caught, decoding.decoding(b"", FilterRules()):
        raise foreign("it went wrong")
    assert caught.value.detail == "it went wrong"
    assert pickle.loads(pickle.dumps(caught.value)).detail == "it went wrong"  # noqa: S301


def test_a_truncated_jpeg_is_known_by_its_end():
    """The decoder's words do not tell, the missing end mark does."""
    with pytest.raises(TruncatedImage), decoding.decoding(sample("JPEG")[:-10], FilterRules()):
        raise OSError("broken data stream when reading image file")
    with pytest.raises(Undecodable), decoding.decoding(sample("JPEG"), FilterRules()):
        raise OSError("broken data stream when reading image file")


def test_a_broken_picture_is_no_failure_of_the_next():
    """Nothing of one image is left for another."""
    run = chain("resize=16")
    before = run(sample("PNG")).body
    worked_on(run, sample("PNG")[:300])
    assert run(sample("PNG")).body == before
    assert opened(before).size == (16, 16)
    assert corners().size == (40, 24)
