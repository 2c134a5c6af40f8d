"""The grammar of --process, the rules that refuse, and what a chain promises."""

import pickle
import subprocess
import sys

import pytest
from PIL import Image

from downloader.errors import Filtered, UsageError
from downloader.postprocess.convert import Convert
from downloader.postprocess.filter import FilterRules, check
from downloader.postprocess.header import Header
from downloader.postprocess.resize import Resize
from downloader.postprocess.strip import Strip
from downloader.registry import STEPS
from tests.postprocess.pictures import FORMATS, chain, corners, opened, saved

WRITTEN = [
    (["resize=256"], [Resize(256)]),
    (["resize=256,center-crop"], [Resize(256, "center-crop")]),
    (["resize=256,only-larger,keep_ratio,fast"], [Resize(256, "keep-ratio", only_larger=True, quality="fast")]),
    (["resize=256,mode=center-crop,quality=good"], [Resize(256, "center-crop")]),
    (["convert=webp,80"], [Convert("webp", 80)]),
    (["convert=jpeg,quality=80,background=black"], [Convert("jpeg", 80, (0, 0, 0))]),
    (["resize=64,center-crop,convert=png,strip=gps"], [Resize(64, "center-crop"), Convert("png"), Strip("gps")]),
    (["resize=64", "center-crop", " convert=png "], [Resize(64, "center-crop"), Convert("png")]),
]


@pytest.mark.parametrize(("texts", "steps"), WRITTEN)
def test_what_people_write(texts, steps):
    """Steps in their order, each with the options behind it; decoding is always the first."""
    found = chain(*texts).steps
    assert [step for name, step in found if name != "decode"] == steps
    assert found[0][0] == "decode"


WRONG = [
    ("rezise=256", "did you mean 'resize'"),
    ("resize", "write resize=SIZE"),
    ("resize=0", "the least is 1"),
    ("resize=256,centre-crop", "did you mean 'center-crop'"),
    ("resize=256,512", "given twice"),
    ("resize=256,quality=better", "choose one of good, fast"),
    ("convert=gif", "choose one of jpeg, png, webp, avif"),
    ("convert=jpeg,101", "'101' is no step"),
    ("convert=jpeg,quality=101", "the most is 100"),
    ("srgb,background=blu", "write a colour"),
    ("orient=1", "takes no value"),
    ("center-crop,resize=3", "no step 'center-crop'"),
    ("resize=3,,orient", "'' is no step"),
    ("", "no step ''"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_written_wrongly(text, said):
    """The message says what is wrong and what is near."""
    with pytest.raises(UsageError, match=said):
        chain(text)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_can_be_sent(name):
    """A chain goes to the workers as a pickle, and works there as here."""
    value = {"resize": "=8", "convert": "=webp", "strip": "=all", "thumbnail": "=8"}.get(name, "")
    made = chain(name + value)
    sent = pickle.loads(pickle.dumps(made))  # noqa: S301
    assert sent == made
    data = saved(corners(), "PNG")
    assert pickle.loads(pickle.dumps(sent(data))) == made(data)  # noqa: S301
    assert name in made(data).steps


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("texts", ["", "orient", "strip=gps", "fingerprint,thumbnail=8", "resize=900,only-larger"])
def test_what_needs_no_change_keeps_its_bytes(format_, texts):
    """An image already as wanted is not encoded again."""
    assert chain(*([texts] if texts else []))(saved(corners(), format_)).body is None


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
def test_converting(format_):
    """Each format becomes each other; one that is so already keeps its bytes, whatever quality is named."""
    for source in FORMATS:
        done = chain(f"convert={format_},60")(saved(corners(), source))
        assert done.format == format_
        assert (done.body is None) == (source.lower() == format_)
        assert done.body is None or opened(done.body).format == format_.upper()


def test_quality_holds_for_what_is_encoded():
    """Less quality, fewer bytes: for another format, and for a JPEG that stays one."""
    noise = Image.effect_noise((64, 64), 80)
    for source, texts in (("PNG", "convert=jpeg"), ("JPEG", "resize=32,convert=jpeg"), ("PNG", "convert=avif")):
        sizes = [len(chain(f"{texts},{quality}")(saved(noise, source)).body) for quality in (20, 95)]
        assert sizes[0] < sizes[1]


REFUSED = [
    ({"min_side": 100}, Header("jpeg", 640, 99, "RGB"), "99, less than --min-side 100"),
    ({"max_pixels": 100}, Header("jpeg", 101, 1, "RGB"), "101x1, more than --max-pixels 100"),
    ({"max_aspect": 2.5}, Header("jpeg", 251, 100, "RGB"), "251x100, past --max-aspect 2.5"),
    ({"formats": ("jpeg", "png")}, Header("gif", 9, 9, "P"), "its format is gif, not jpeg or png"),
    ({"frames": "reject"}, Header("gif", 9, 9, "P", 2), "2 frames"),
]
PASSED = [
    ({"min_side": 100}, Header("jpeg", 640, 100, "RGB")),
    ({"max_pixels": 100}, Header("jpeg", 10, 10, "RGB", 5)),
    ({"max_aspect": 2.5}, Header("jpeg", 100, 250, "RGB")),
    ({"max_aspect": 1.1}, Header("jpeg", 110, 100, "RGB")),
    ({"formats": ("jpeg", "png")}, Header("png", 9, 9, "P")),
    ({"frames": "reject"}, Header("gif", 9, 9, "P", 1)),
    ({}, Header("gif", 1, 5000, "P", 100)),
]


@pytest.mark.parametrize(("rules", "header", "reason"), REFUSED)
def test_each_rule_refuses_with_its_reason(rules, header, reason):
    """The reason names the rule and what was met."""
    with pytest.raises(Filtered, match=reason):
        check(FilterRules(**rules), header)


@pytest.mark.parametrize(("rules", "header"), PASSED)
def test_what_just_fits_passes(rules, header):
    """Limits belong to what they allow."""
    check(FilterRules(**rules), header)


def test_rules_are_asked_before_pixels_are_decoded():
    """A cut file that a rule refuses is filtered, not broken."""
    with pytest.raises(Filtered):
        chain(min_side=4000)(saved(corners(), "JPEG")[:700])


def test_pillow_is_imported_only_with_a_chain():
    """Settings, registry and command line know the steps by name alone."""
    code = "import sys, downloader.cli, downloader.registry; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_library_is_named_with_its_extra():
    """Without Pillow, the message says what to install."""
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from downloader.registry import STEPS, part\nfrom downloader.errors import UsageError\n"
        "try: part('step', STEPS, 'resize')\nexcept UsageError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install 'parallel-image-downloader[process]'" in run.stdout
