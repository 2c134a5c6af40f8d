"""Which cookies go where."""

import time
from http.cookiejar import Cookie

import pytest

from downloader.policy.cookies import Cookies

NOW = 1_800_000_000.0


def cookie(domain, path="/", *, secure=False, expires=None, name="n", value="v"):
    """Make a cookie as the library reads it from a file."""
    dot = domain.startswith(".")
    return Cookie(0, name, value, None, False, domain, dot, dot, path, False, secure, expires, False, None, None, {})


@pytest.mark.parametrize(
    ("given", "url", "goes"),
    [
        (cookie("a.example"), "http://a.example/x", True),
        (cookie("a.example"), "http://b.a.example/x", False),
        (cookie("a.example"), "http://a.example:8080/x", True),
        (cookie(".a.example"), "http://a.example/x", True),
        (cookie(".a.example"), "https://c.b.a.example/x", True),
        (cookie(".a.example"), "http://ba.example/x", False),
        (cookie(".A.Example"), "http://b.a.example/x", True),
        (cookie("b.a.example"), "http://a.example/x", False),
        (cookie(".0.0.1"), "http://127.0.0.1/x", False),
        (cookie("127.0.0.1"), "http://127.0.0.1:81/x", True),
        (cookie("::1"), "http://[::1]/x", True),
        (cookie("a.example", "/p"), "http://a.example/p", True),
        (cookie("a.example", "/p"), "http://a.example/p/q", True),
        (cookie("a.example", "/p/"), "http://a.example/p/q?r", True),
        (cookie("a.example", "/p"), "http://a.example/pq", False),
        (cookie("a.example", "/p"), "http://a.example/", False),
        (cookie("a.example", "p"), "http://a.example/", True),
        (cookie("a.example", secure=True), "https://a.example/x", True),
        (cookie("a.example", secure=True), "http://a.example/x", False),
        (cookie("a.example", expires=NOW - 1), "http://a.example/x", False),
        (cookie("a.example", expires=NOW + 1), "http://a.example/x", True),
        (cookie("a.example", expires=0), "http://a.example/x", True),
        (cookie("a.example", value="a\r\nb: c"), "http://a.example/x", False),
        (cookie("a.example", value="a; b=c"), "http://a.example/x", False),
        (cookie("a.example", value="schlüssel"), "http://a.example/x", False),
    ],
)
def test_where_a_cookie_goes(given, url, goes):
    """By domain, path, scheme and time (RFC 6265 §5.4), and only what a header can hold."""
    assert Cookies.of([given], NOW).header(url) == ("n=v" if goes else "")


def test_longer_paths_go_first():
    """And among equals the file's order stays, whatever domain they are for."""
    jar = [cookie("a.example", name="1"), cookie("a.example", "/p/q", name="2")]
    jar += [cookie("a.example", name="3", value=None), cookie(".example", "/p", name="4")]
    assert Cookies.of(jar, NOW).header("http://a.example/p/q") == "2=v; 4=v; 1=v; 3"


def test_what_cannot_be_sent_is_counted():
    """So that a run can say it."""
    assert Cookies.of([cookie("a.example", value="ü"), cookie("b.example")], NOW).unsendable == 1


def test_a_large_jar_costs_a_stranger_nothing():
    """A host without cookies is asked as fast beside 20,000 cookies as beside one."""
    small = Cookies.of([cookie("h0.example")], NOW)
    large = Cookies.of([cookie(f"h{number}.example") for number in range(20_000)], NOW)

    def seconds(jar):
        start = time.process_time()
        for _ in range(2000):
            jar.header("http://a.b.c.d.other/x")
        return time.process_time() - start

    assert min(seconds(large) for _ in range(5)) < 10 * min(seconds(small) for _ in range(5))
