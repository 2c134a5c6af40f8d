"""What libcurl is told of names, and when."""

from downloader.engines.pins import Pins, known_as


def test_a_name_is_told_once() -> None:
    """In the turn in which it was first told, each transfer tells it: nobody knows which begins first."""
    pins = Pins()
    told = ["h.example:80:192.0.2.1,[2001:db8::1]"]
    assert pins.entries("h.example", 80, ["192.0.2.1", "2001:db8::1"]) == told
    assert pins.entries("h.example", 80, ["192.0.2.1", "2001:db8::1"]) == told
    pins.read()
    assert pins.entries("h.example", 80, ["192.0.2.1", "2001:db8::1"]) == []
    assert pins.entries("h.example", 443, ["192.0.2.1"]) == ["h.example:443:192.0.2.1"]


def test_another_answer_takes_the_place_of_the_first() -> None:
    """Nothing of an earlier answer is left; another order is another answer."""
    pins = Pins()
    pins.entries("h.example", 80, ["192.0.2.1"])
    pins.read()
    assert pins.entries("h.example", 80, ["192.0.2.2"]) == ["h.example:80:192.0.2.2"]
    pins.read()
    assert pins.entries("h.example", 80, ["192.0.2.2"]) == []


def test_the_cache_is_bounded() -> None:
    """The name that was not asked for the longest is taken out."""
    pins = Pins(most=2)
    for name in ("a", "b", "a"):
        pins.entries(name, 80, ["192.0.2.1"])
        pins.read()
    assert pins.entries("c", 80, ["192.0.2.1"]) == ["-b:80", "c:80:192.0.2.1"]
    pins.read()
    assert pins.entries("a", 80, ["192.0.2.1"]) == []
    assert pins.entries("b", 80, ["192.0.2.1"]) == ["-c:80", "b:80:192.0.2.1"]


def test_odd_spellings_are_told_as_libcurl_writes_them() -> None:
    """Else it would look for what nobody told it."""
    assert [known_as(host) for host in ("127.1", "0x7f.1", "2130706433", "h.example", "::1")] == [
        "127.0.0.1", "127.0.0.1", "127.0.0.1", "h.example", "::1",
    ]  # fmt: skip
