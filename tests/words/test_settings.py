"""Settings, and the parsers of what people write."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import UsageError
from downloader.measures import (
    count,
    optional_text,
    ratio,
    seconds,
    share,
    size,
    some_of,
    span,
    text,
    truth,
    whole,
    word,
    words,
)
from downloader.settings import Settings, _parsed, each_field

FIELDS = [setting for _, setting in each_field()]

GOOD = [
    (size, 500, 500),
    (size, "500", 500),
    (size, "64k", 65536),
    (size, "64K", 65536),
    (size, "64kB", 65536),
    (size, "64 KiB", 65536),
    (size, "1.5M", 1_572_864),
    (size, "2g", 2 << 30),
    (size, "1T", 1 << 40),
    (size, " 7 b ", 7),
    (size, 0, 0),
    (count, 500, 500),
    (count, "50M", 50_000_000),
    (count, "1.5k", 1500),
    (count, 0, 0),
    (ratio, 3, 3.0),
    (ratio, "2.5", 2.5),
    (ratio, "16:9", 16 / 9),
    (ratio, "0", 0.0),
    (some_of("a", "b"), "b,a", ("b", "a")),
    (some_of("a", "b"), [], ()),
    (seconds, 20, 20.0),
    (seconds, 0.25, 0.25),
    (seconds, "20", 20.0),
    (seconds, "100ms", 0.1),
    (seconds, "2m", 120.0),
    (seconds, "1.5h", 5400.0),
    (seconds, "1d", 86400.0),
    (seconds, "3 s", 3.0),
    (share, "5%", 0.05),
    (share, " 5 % ", 0.05),
    (share, 0.05, 0.05),
    (share, "0", 0.0),
    (share, 1, 1.0),
    (share, "100%", 1.0),
    (span, "0.5:30", (0.5, 30.0)),
    (span, "100ms:2m", (0.1, 120.0)),
    (span, (1, 2), (1.0, 2.0)),
    (span, ["1s", "2s"], (1.0, 2.0)),
    (span, "3:3", (3.0, 3.0)),
    (whole(1), "8", 8),
    (whole(1), 8, 8),
    (whole(0), " 0 ", 0),
    (word("a", "b"), "b", "b"),
    (truth, True, True),
    (truth, "YES", True),
    (truth, "off", False),
    (truth, 0, False),
    (words, "a b,c", ("a", "b", "c")),
    (words, ["a", "b"], ("a", "b")),
    (words, "", ()),
    (words, (), ()),
    (text, "x", "x"),
    (optional_text, "", None),
    (optional_text, None, None),
    (optional_text, "x", "x"),
]

BAD = [
    (size, "64x"),
    (size, "-1"),
    (size, ""),
    (size, "k"),
    (size, "1e3"),
    (size, None),
    (size, True),
    (size, "9" * 400),
    (count, "50MB"),
    (count, "-1"),
    (ratio, "9:16"),
    (ratio, "0.5"),
    (ratio, "3:"),
    (ratio, "wide"),
    (some_of("a", "b"), "a,c"),
    (seconds, "5y"),
    (seconds, "-1"),
    (seconds, "soon"),
    (seconds, "1:30"),
    (seconds, "2mb"),
    (seconds, "5ib"),
    (share, "101%"),
    (share, "-1%"),
    (share, 1.5),
    (share, "nan"),
    (share, "half"),
    (share, "%"),
    (share, None),
    (span, "5"),
    (span, "30:0.5"),
    (span, ":5"),
    (span, "5:"),
    (span, 5),
    (span, [1]),
    (span, [1, 2, 3]),
    (span, None),
    (whole(1), "0"),
    (whole(1), "1.5"),
    (whole(1), 1.5),
    (whole(1), True),
    (whole(1), "many"),
    (whole(1), None),
    (whole(0), "-1"),
    (word("a", "b"), "c"),
    (word("a", "b"), ["a"]),
    (truth, "perhaps"),
    (truth, None),
    (words, 5),
    (words, None),
    (text, ""),
    (text, None),
]


@pytest.mark.parametrize(("parse", "value", "expected"), GOOD)
def test_parsers_read_what_people_write(parse, value, expected):
    """Each way to write a value gives the same value, of the same type."""
    got = parse(value)
    assert got == expected
    assert type(got) is type(expected)


def field_with(parse, value):
    """Run a parser the way a setting does."""
    made = dataclasses.make_dataclass("Made", [("some_name", object, dataclasses.field(metadata={"parse": parse}))])
    return _parsed(dataclasses.fields(made)[0], value)


@pytest.mark.parametrize(("parse", "value"), BAD)
def test_parsers_refuse_the_rest(parse, value):
    """What cannot be read is a usage error that names the flag and the value, never a crash."""
    with pytest.raises(UsageError, match="--some-name cannot be"):
        field_with(parse, value)


@pytest.mark.parametrize(("parse", "value"), BAD)
def test_a_refusal_says_what_to_do(parse, value):
    """The reason is ours and tells how to write it, never Python's own words for what went wrong."""
    with pytest.raises(UsageError) as error:
        field_with(parse, value)
    written = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else value
    reason = str(error.value).partition(f"{written!r}: ")[2]
    assert reason.startswith(("write ", "choose ", "the least is", "the longest is", "it ", "the first wait is"))


@given(st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers())))
def test_no_value_crashes_a_parser(value):
    """Any value, from a TOML file say, is taken or refused with a usage error."""
    for setting in FIELDS:
        try:
            Settings.of(**{setting.name: value})
        except UsageError as error:
            assert f"--{setting.name.replace('_', '-')}" in str(error)  # noqa: PT017 - either way is right


@pytest.mark.parametrize("setting", FIELDS, ids=lambda setting: setting.name)
def test_every_setting_is_complete(setting):
    """Each field has a parser, a sentence of help, and a default that its own parser takes unchanged."""
    assert callable(setting.metadata["parse"])
    assert setting.metadata["help"].endswith((".", "Repeatable."))
    assert "\n" not in setting.metadata["help"]
    assert setting.metadata["parse"](setting.default) == setting.default


def test_names_and_flags_are_unique():
    """One field is one flag: no name stands in two groups."""
    names = [setting.name for setting in FIELDS]
    flags = [setting.metadata["flag"] for setting in FIELDS if setting.metadata["flag"]]
    assert len(set(names)) == len(names)
    assert len(set(flags)) == len(flags)


def test_groups_are_frozen_and_slotted():
    """Settings do not change under a running job."""
    made = Settings()
    for group in dataclasses.fields(made):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(getattr(made, group.name), dataclasses.fields(getattr(made, group.name))[0].name, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.pace = None


def test_flat_names_reach_their_groups():
    """A flat name sets one field and leaves all others; dashes and underscores are the same."""
    made = Settings.of(jobs="64", max_bytes="1M", **{"per-host": 2, "allow-host": "a b:80"})
    assert (made.pace.jobs, made.pace.per_host, made.limits.max_bytes) == (64, 2, 1 << 20)
    assert made.reach.allow_host == ("a", "b:80")
    changed = {"jobs", "max_bytes", "per_host", "allow_host"}
    assert {name for name, value in made.flat().items() if value != Settings().flat()[name]} == changed


def test_replace_keeps_the_rest():
    """Settings are changed one by one, from where they stand."""
    made = Settings.of(jobs=64).replace(per_host=3).replace()
    assert (made.pace.jobs, made.pace.per_host) == (64, 3)
    assert Settings.of().pace.jobs != 64


def test_flat_goes_there_and_back():
    """What flat gives makes the same settings again."""
    made = Settings.of(jobs=5, backoff="1:2", tolerate="5%", allow_host=["a"], ca_file="x.pem", fsync="yes")
    assert Settings.of(**made.flat()) == made
    assert set(made.flat()) == {setting.name for setting in FIELDS}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("job", "'jobs'"), ("per-hots", "'per-host'"), ("max_byte", "'max-bytes'"), ("zzzz", None)],
)
def test_unknown_names_are_refused(name, hint):
    """An unknown name is an error that names the nearest known one."""
    with pytest.raises(UsageError) as error:
        Settings.of(**{name: 1})
    assert repr(name) in str(error.value)
    assert (hint in str(error.value)) if hint else ("did you mean" not in str(error.value))


def test_choices_are_known_to_who_asks():
    """The command line lists the words a setting takes."""
    choices = {setting.name: getattr(setting.metadata["parse"], "allowed", None) for setting in FIELDS}
    assert choices["accept"] == ("image", "any")
    assert choices["on_interrupt"] == ("drain", "abandon")
