"""Metadata: kept through re-encoding, corrected where pixels change, taken out on request and nothing else with it."""

import struct

import pytest
from PIL import ExifTags, Image, ImageOps

from downloader.postprocess import exif
from tests.postprocess.pictures import chain, corners, opened, psnr, saved

ORIENTED = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")
UNDONE = {  # what a camera did to an upright picture, by the orientation it wrote
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
PLACE = {1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 1.0)}


def tags(orientation=1, *, place=True):
    """Give EXIF with a maker, an orientation, a time, private notes, and perhaps a place."""
    found = Image.Exif()
    found[ExifTags.Base.Make] = "Maker of cameras"
    found[ExifTags.Base.Orientation] = orientation
    camera = found.get_ifd(ExifTags.IFD.Exif)
    camera[ExifTags.Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    camera[ExifTags.Base.ExposureTime] = 0.004
    camera[ExifTags.Base.MakerNote] = b"private notes that point to offsets"
    camera[ExifTags.Base.ExifImageWidth] = 40
    camera[ExifTags.Base.ExifImageHeight] = 24
    if place:
        found.get_ifd(ExifTags.IFD.GPSInfo).update(PLACE)
    return found


def turned(orientation, format_):
    """Give the picture of four corners as a camera held that way would store it."""
    turn = UNDONE[orientation]
    image = corners().transpose(turn) if turn is not None else corners()
    quality = {"quality": 95} if format_ in ("JPEG", "WEBP", "AVIF") else {}
    return saved(image, format_, exif=tags(orientation).tobytes(), **quality)


def quarters(image):
    """Give the colour in the middle of each quarter."""
    wide, high = image.size
    places = [(x, y) for y in (high // 4, high * 3 // 4) for x in (wide // 4, wide * 3 // 4)]
    return [image.convert("RGB").getpixel(place) for place in places]


def place_of(data):
    """Give the GPS tags of a file."""
    return dict(opened(data).getexif().get_ifd(ExifTags.IFD.GPSInfo))


@pytest.mark.parametrize("format_", ORIENTED)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_same_upright_picture(orientation, format_):
    """The four corners end where they belong, the file says so, and no viewer turns it again."""
    data = turned(orientation, format_)
    done = chain("orient")(data)
    image = opened(done.body or data)
    assert (done.width, done.height) == image.size == (40, 24)
    assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
    assert quarters(image) == [pytest.approx(colour, abs=20) for colour in quarters(corners())]
    assert (done.body is None) == (orientation == 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("texts", ["orient,resize=10,keep-ratio-largest", "resize=10,keep-ratio-largest,orient"])
def test_turning_and_resizing_in_either_order(texts, orientation):
    """A JPEG decoded small is turned as well as a whole one."""
    done = chain(texts, "convert=png")(turned(orientation, "JPEG"))
    assert (done.width, done.height) == (10, 6)
    assert psnr(opened(done.body), corners().resize((10, 6), Image.Resampling.LANCZOS)) > 20


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("format_", ORIENTED)
def test_what_is_encoded_anew_still_says_which_way_up(format_, orientation):
    """Without orient, a resized picture looks in a viewer as its source did."""
    done = opened(chain("resize=20,keep-ratio-largest")(turned(orientation, format_)).body)
    assert ImageOps.exif_transpose(done).size == (20, 12)


@pytest.mark.parametrize("format_", ORIENTED)
def test_encoding_keeps_exif_and_says_the_new_size(format_):
    """Maker, time, place and private notes stay; the size is corrected."""
    done = opened(
        chain("resize=20,keep-ratio-largest")(saved(corners(), format_, exif=tags().tobytes())).body
    ).getexif()
    camera = done.get_ifd(ExifTags.IFD.Exif)
    assert done[ExifTags.Base.Make] == "Maker of cameras"
    assert camera[ExifTags.Base.MakerNote] == b"private notes that point to offsets"
    assert (camera[ExifTags.Base.ExifImageWidth], camera[ExifTags.Base.ExifImageHeight]) == (20, 12)
    assert done.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_the_place_is_taken_out_and_the_rest_stays(format_):
    """Same length, same pixels, bit for bit the same but for the place: nothing of its numbers is left."""
    data = saved(corners(), format_, exif=tags())
    assert place_of(data)
    body = chain("strip=gps")(data).body
    assert place_of(body) == {}
    assert len(body) == len(data)
    assert opened(body).tobytes() == opened(data).tobytes()
    assert struct.pack(">II", 31, 1) not in body
    assert struct.pack("<II", 31, 1) not in body
    left = opened(body).getexif()
    assert left[ExifTags.Base.Make] == "Maker of cameras"
    assert left.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] == b"private notes that point to offsets"
    assert chain("strip=gps")(body).body is None


@pytest.mark.parametrize("format_", ["AVIF", "TIFF"])
def test_the_place_is_taken_out_of_other_formats(format_):
    """A TIFF is edited where it stands, an AVIF is encoded anew."""
    data = saved(corners(), format_, exif=tags().tobytes())
    assert place_of(data)
    body = chain("strip=gps")(data).body
    assert place_of(body) == {}
    assert opened(body).getexif()[ExifTags.Base.Make] == "Maker of cameras"


def test_the_place_is_not_told_by_second_pictures_and_xmp():
    """Cameras append pictures with EXIF of their own, and tell the place in XMP as well."""
    xmp = b'<x exif:GPSLatitude="52,31.2N" tiff:Make="M"><exif:GPSAltitude>34/1</exif:GPSAltitude></x>'
    data = saved(corners(), "JPEG", exif=tags(), xmp=xmp)
    body = chain("strip=gps")(data + data).body
    assert len(body) == 2 * len(data)
    assert place_of(body[len(data) :]) == {}
    assert b"52,31.2N" not in body
    assert b"34/1" not in body
    assert b'tiff:Make="M"' in body


def test_the_place_stays_out_of_what_is_encoded_anew():
    """The step works in any order with those that change pixels."""
    data = saved(corners(), "JPEG", exif=tags())
    for texts in ("strip=gps,resize=20", "resize=20,strip=gps"):
        body = chain(texts)(data).body
        assert place_of(body) == {}
        assert opened(body).getexif()[ExifTags.Base.Make] == "Maker of cameras"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_all_is_taken_out_without_touching_pixels(format_):
    """EXIF, XMP and comments go, the profile and every pixel stay."""
    from tests.postprocess.test_colours import SRGB

    more = {"comment": "a comment"} if format_ == "JPEG" else {}
    data = saved(corners(), format_, exif=tags(), icc_profile=SRGB, xmp=b"<x>words</x>", **more)
    body = chain("strip=all")(data).body
    image = opened(body)
    assert image.tobytes() == opened(data).tobytes()
    assert dict(image.getexif()) == {}
    assert image.info["icc_profile"] == SRGB
    assert b"words" not in body
    assert b"comment" not in body
    assert chain("strip=all")(body).body is None


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_all_but_which_way_up(format_):
    """A picture that lies on its side would be shown so for ever, had that been taken out too."""
    exif_left = opened(chain("strip=all")(turned(6, format_)).body).getexif()
    assert dict(exif_left) == {ExifTags.Base.Orientation: 6}
    assert dict(opened(chain("orient,strip=all")(turned(6, format_)).body).getexif()) in ({}, {0x0112: 1})


def test_progressive_scans_are_walked():
    """A JPEG in many scans, with restart marks, loses its metadata and no pixel; what stands behind its end goes."""
    data = saved(corners(400, 300), "JPEG", progressive=True, exif=tags(), restart_marker_rows=2)
    body = chain("strip=all")(data + b"\xff\xe1 a film with a place").body
    assert opened(body).tobytes() == opened(data).tobytes()
    assert body.endswith(b"\xff\xd9")
    assert b"film" not in body


def test_the_thumbnail_of_the_old_picture_goes():
    """A preview of the uncropped picture must not go along with the cropped one."""
    preview = saved(Image.new("RGB", (16, 12), "red"), "JPEG")
    tiff = _with_preview(preview)
    data = saved(corners(), "JPEG", exif=exif.PREFIX + tiff)
    assert preview in data
    assert chain("strip=gps")(data).body is None
    body = chain("resize=20,center-crop")(data).body
    assert preview[20:200] not in body
    assert opened(data).getexif().get_ifd(ExifTags.IFD.IFD1)
    assert not opened(body).getexif().get_ifd(ExifTags.IFD.IFD1)
    assert opened(body).getexif()[ExifTags.Base.Make] == "Mk."


def _with_preview(preview):
    entry = lambda tag, kind, count, value: struct.pack(">HHII", tag, kind, count, value)  # noqa: E731
    first = struct.pack(">H", 1) + struct.pack(">HHI4s", 0x010F, 2, 4, b"Mk.\0") + struct.pack(">I", 26)
    second = struct.pack(">H", 2) + entry(0x0201, 4, 1, 56) + entry(0x0202, 4, 1, len(preview)) + bytes(4)
    return b"MM\0*" + struct.pack(">I", 8) + first + second + preview


def test_exif_too_long_for_a_jpeg_is_left_out():
    """PNG takes more than a JPEG's segment holds: the picture comes out all the same."""
    long = tags()
    long[ExifTags.Base.ImageDescription] = "x" * 70_000
    assert opened(chain("convert=jpeg")(saved(corners(), "PNG", exif=long)).body).size == (40, 24)


@pytest.mark.parametrize(
    "tiff", [b"", b"II*\0", b"MM\0*" + b"\xff" * 40, b"II*\0\x08\0\0\0\xff\xff" + b"\x25\x88" * 50]
)
def test_broken_exif_is_left_as_it_is(tiff):
    """Directories that point nowhere raise nothing."""
    assert exif.orientation(tiff) == 1
    assert len(exif.without_gps(tiff)) == len(exif.upright(tiff)) == len(exif.for_new_pixels(tiff, 1, 1)) == len(tiff)


def test_tiff_without_any():
    """A TIFF is written anew with its pixels alone."""
    data = saved(corners(), "TIFF", exif=tags())
    body = chain("strip=all")(data).body
    assert opened(body).tobytes() == opened(data).tobytes()
    assert b"Maker of cameras" not in body
