"""Values are printed as people write them, and read back to the same."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.cli.written import plain, toml
from downloader.measures import count, pace, per_second, ratio, seconds, size, span
from downloader.settings import Settings, each_field

FIELDS = {setting.name: setting for _, setting in each_field()}

WRITTEN = [
    ("max_bytes", "64M", '"64M"'),
    ("max_bytes", "1000", "1000"),
    ("max_bytes", "1.5k", "1536"),
    ("max_bytes", "2T", '"2T"'),
    ("limit_rate", 0, "0"),
    ("max_pixels", "2k", '"2k"'),
    ("timeout", "2m", "120"),
    ("timeout", "250ms", "0.25"),
    ("host_rate", "0.1/h", '"0.000027777777777777779"'),
    ("backoff", "0.5:30", '"0.5:30"'),
    ("min_speed", "1k:15", '"1k:15"'),
    ("min_speed", "0", '"0:0"'),
    ("tolerate", "5%", "0.05"),
    ("fsync", "yes", "true"),
    ("ca_file", "", '""'),
    ("output", 'a "b"\\\n\x7f한', '"a \\"b\\"\\\\\\n\\u007f한"'),
    ("allow_host", "a b", '["a", "b"]'),
    ("per_host", "auto", '"auto"'),
]


@pytest.mark.parametrize(("name", "said", "printed"), WRITTEN)
def test_values_are_written_as_people_write_them(name, said, printed):
    """Sizes have units, times are plain numbers, texts are quoted as TOML wants it."""
    value = Settings.of(**{name: said}).flat()[name]
    got = toml(plain(FIELDS[name], value))
    assert Settings.of(**tomllib.loads(f"{name} = {got}")).flat()[name] == value
    if name != "host_rate":  # its last digit is the platform's
        assert got == printed


@pytest.mark.parametrize("name", FIELDS)
def test_every_default_goes_there_and_back(name):
    """What is printed of any setting is TOML, and its own parser reads it to the same value."""
    default = Settings().flat()[name]
    printed = toml(plain(FIELDS[name], default))
    assert Settings.of(**tomllib.loads(f"{name} = {printed}")).flat()[name] == default


NUMBERS = {size: st.integers(0, 1 << 50), count: st.integers(0, 10**15), per_second: st.floats(0, 1e6),
           seconds: st.floats(0, 1e8), ratio: st.floats(1, 1e6), span: st.tuples(st.floats(0, 9), st.floats(10, 1e6)),
           pace: st.tuples(st.integers(0, 1 << 40), st.floats(0, 1e6))}  # fmt: skip


@given(st.data())
def test_any_value_goes_there_and_back(data):
    """However odd the number, printing loses nothing of it."""
    names = [name for name, setting in FIELDS.items() if setting.metadata["parse"] in NUMBERS]
    name = data.draw(st.sampled_from(names))
    value = data.draw(NUMBERS[FIELDS[name].metadata["parse"]])
    printed = toml(plain(FIELDS[name], value))
    assert Settings.of(**tomllib.loads(f"{name} = {printed}")).flat()[name] == value
