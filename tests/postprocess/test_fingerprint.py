"""What is told of a picture."""

import json

import imagehash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, TiffImagePlugin

from downloader.postprocess.exifjson import exif_as_json
from tests.postprocess.pictures import CASES, FORMATS, chain, corners, opened, photograph, ramp, saved
from tests.postprocess.test_metadata import tags


@pytest.mark.parametrize(("format_", "mode"), [case for case in CASES if case[1] not in ("I;16", "I", "F")])
def test_the_dhash_is_imagehashs(format_, mode):
    """The same 64 bits in the same order, for each format and mode."""
    data = saved(photograph(3, 200, 150).convert(mode), format_)
    assert chain("fingerprint")(data).fields["dhash"] == str(imagehash.dhash(opened(data)))


@pytest.mark.parametrize("seed", range(4))
def test_the_dhash_of_photographs_is_imagehashs(seed):
    """Also when later steps would do with less of the JPEG."""
    data = saved(photograph(seed, 600, 450), "JPEG")
    wanted = str(imagehash.dhash(opened(data)))
    assert chain("fingerprint,resize=64,fast")(data).fields["dhash"] == wanted
    assert chain("fingerprint,thumbnail=64")(data).fields["dhash"] == wanted


def test_the_dhash_of_wide_samples_is_that_of_their_tones():
    """Converting 16 bits carelessly makes everything white, and every picture the other's twin."""
    grey = photograph(5, 90, 80).convert("L")
    wide = Image.frombytes("I;16", grey.size, b"".join(bytes((tone, tone)) for tone in grey.tobytes()))
    of_grey, of_wide = (chain("fingerprint")(saved(image, "PNG")).fields["dhash"] for image in (grey, wide))
    assert of_wide == of_grey


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_told(format_):
    """Size, mode, frames and format of the source, by the names the manifest uses."""
    data = saved(corners(), format_)
    fields = chain("resize=8,fingerprint")(data).fields
    source = opened(data)
    assert (fields["width"], fields["height"], fields["mode"]) == (*source.size, source.mode)
    assert (fields["frames"], fields["format"]) == (1, format_.lower())
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


def test_exif_is_told_in_stable_types():
    """Texts, floats and lists by the tags' names, without private notes."""
    told = chain("fingerprint")(saved(corners(), "JPEG", exif=tags())).fields["exif"]
    assert told["Make"] == "Maker of cameras"
    assert told["ExposureTime"] == pytest.approx(0.004)
    assert told["GPSLatitude"] == [52.0, 31.0, 12.5]
    assert "MakerNote" not in told


def test_exif_is_told_of_the_source():
    """Whatever steps before it took out."""
    told = chain("strip=all,fingerprint")(saved(corners(), "JPEG", exif=tags())).fields["exif"]
    assert told["Make"] == "Maker of cameras"


def test_odd_exif_values_are_bounded():
    """No NaN, no division by 0, no endless text, no raw bytes."""
    odd = Image.Exif()
    odd[ExifTags.Base.ImageDescription] = "x" * 5000
    odd[ExifTags.Base.XResolution] = TiffImagePlugin.IFDRational(1, 0)
    odd[0xC4A5] = b"\0\xff" * 500
    told = exif_as_json(odd.tobytes())
    assert len(told["ImageDescription"]) == 1000
    assert told["XResolution"] is None
    assert told["PrintImageMatching"] == "00ff" * 32


@given(data=st.binary(max_size=300), order=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_any_bytes_become_json(data, order):
    """Hostile EXIF raises nothing, and what is told is JSON."""
    json.dumps(exif_as_json(order + data), allow_nan=False)


def test_exif_that_is_flipped_becomes_json():
    """Every byte of good EXIF turned over, one at a time."""
    whole = tags().tobytes().removeprefix(b"Exif\0\0")
    for at in range(8, len(whole)):
        json.dumps(exif_as_json(whole[:at] + bytes((whole[at] ^ 0xFF,)) + whole[at + 1 :]), allow_nan=False)


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_thumbnail_stands_beside(mode):
    """A WebP of at most SIZE, and the image itself keeps its bytes."""
    done = chain("thumbnail=32")(saved(ramp(mode, 64, 16), "PNG"))
    thumbnail = opened(done.extras[".thumb.webp"])
    assert (done.body, thumbnail.format, thumbnail.size) == (None, "WEBP", (32, 8))
    assert thumbnail.convert("L").getpixel((16, 4)) == pytest.approx(128, abs=8)


def test_a_thumbnail_is_upright_and_tells_nothing():
    """It is shown without its source's metadata, so it must stand as it is."""
    data = saved(corners(24, 40), "JPEG", exif=tags(6))
    thumbnail = opened(chain("thumbnail=20")(data).extras[".thumb.webp"])
    assert thumbnail.size == (20, 12)
    assert dict(thumbnail.getexif()) == {}
    assert opened(chain("orient,thumbnail=20")(data).extras[".thumb.webp"]).tobytes() == thumbnail.tobytes()


def test_a_small_picture_gets_no_larger_thumbnail():
    """A thumbnail is never larger than its picture."""
    assert opened(chain("thumbnail=500")(saved(corners(), "PNG")).extras[".thumb.webp"]).size == (40, 24)
