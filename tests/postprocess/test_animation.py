"""Animations: the first frame, all of them, or none."""

import pytest
from PIL import Image, ImageSequence

from downloader.errors import Filtered
from tests.postprocess.pictures import chain, opened, saved

COLOURS = ((250, 0, 0), (0, 250, 0), (0, 0, 250))
MOVING = ("GIF", "WEBP", "PNG", "AVIF")


def animation(format_, mode="RGB"):
    """Give three frames of one colour each, 50, 100 and 150 ms long, that play twice."""
    frames = [Image.new("RGB", (40, 20), colour).convert(mode) for colour in COLOURS]
    options = {} if format_ == "AVIF" else {"loop": 2}
    return saved(frames[0], format_, save_all=True, append_images=frames[1:], duration=[50, 100, 150], **options)


def shown(data):
    """Give the colour in the middle of each frame, and how long each stays."""
    image = opened(data)
    frames = [
        (frame.convert("RGB"), frame.load(), frame.info.get("duration")) for frame in ImageSequence.Iterator(image)
    ]
    return [frame.getpixel((frame.width // 2, frame.height // 2)) for frame, *_ in frames], [d for *_, d in frames]


@pytest.mark.parametrize("format_", MOVING)
def test_all_frames_are_resized(format_):
    """Each frame, its time and the count of rounds stay."""
    done = chain("resize=10,keep-ratio-largest", frames="all")(animation(format_))
    assert (done.width, done.height) == opened(done.body).size == (10, 5)
    colours, durations = shown(done.body)
    assert [pytest.approx(colour, abs=12) for colour in COLOURS] == colours
    assert durations == [50, 100, 150]
    assert format_ == "AVIF" or opened(done.body).info["loop"] == 2


@pytest.mark.parametrize("source", MOVING)
@pytest.mark.parametrize("target", ["webp", "png", "avif"])
def test_an_animation_moves_in_its_new_format(source, target):
    """All frames go along where the format can hold them."""
    if source.lower() == target:
        return
    done = chain(f"convert={target}", frames="all")(animation(source))
    colours, durations = shown(done.body)
    assert [pytest.approx(colour, abs=12) for colour in COLOURS] == colours
    assert durations == [50, 100, 150]


@pytest.mark.parametrize("format_", MOVING)
def test_a_format_without_frames_takes_the_first(format_):
    """A JPEG is the first frame, whichever rule holds."""
    for frames in ("first", "all"):
        done = opened(chain("convert=jpeg", frames=frames)(animation(format_)).body)
        assert done.convert("RGB").getpixel((5, 5)) == pytest.approx(COLOURS[0], abs=12)


@pytest.mark.parametrize("format_", MOVING)
def test_the_first_frame_alone(format_):
    """What is encoded anew is a still; what is not keeps its bytes, and moves."""
    data = animation(format_)
    done = opened(chain("resize=10")(data).body)
    assert getattr(done, "n_frames", 1) == 1
    assert chain("fingerprint")(data).body is None
    assert chain("fingerprint")(data).fields["frames"] == 3


@pytest.mark.parametrize("format_", [*MOVING, "TIFF"])
def test_animations_can_be_refused(format_):
    """The reason says how many frames there are; a still passes."""
    with pytest.raises(Filtered, match="3 frames"):
        chain(frames="reject")(animation(format_))
    assert chain(frames="reject")(saved(Image.new("RGB", (8, 8)), format_)).width == 8


def test_clear_parts_stay_clear():
    """A clear frame behind a full one shows nothing of it."""
    frames = [Image.new("RGBA", (20, 20), (255, 0, 0, 255)), Image.new("RGBA", (20, 20), (0, 0, 0, 0))]
    frames[0].paste((0, 0, 0, 0), (0, 0, 20, 8))  # or Pillow would write no alpha at all
    frames[1].paste((0, 0, 255, 255), (0, 0, 10, 20))
    for format_ in ("GIF", "PNG"):
        data = saved(frames[0], format_, save_all=True, append_images=frames[1:], duration=50, disposal=2)
        image = opened(chain("resize=10", frames="all")(data).body)
        image.seek(1)
        assert image.convert("RGBA").getpixel((8, 5))[3] == 0
        assert image.convert("RGBA").getpixel((1, 5))[2] > 240


def test_pages_are_kept():
    """A TIFF's pages are its frames."""
    done = chain("resize=10", frames="all")(animation("TIFF"))
    assert opened(done.body).n_frames == 3
