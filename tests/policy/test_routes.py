"""By which way a URL is asked."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import PrivateAddress, UsageError
from downloader.measures import without_login
from downloader.policy.guard import Guard, literal
from downloader.policy.routes import Proxy, Routes, check_unseen
from downloader.surroundings import Surroundings

URL = "http://images.example/a.jpg"


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy:8080", Proxy("proxy", 8080)),
        ("http://proxy:8080/", Proxy("proxy", 8080)),
        ("proxy:8080", Proxy("proxy", 8080)),
        ("http://proxy", Proxy("proxy", 3128)),
        ("http://[::1]:8080", Proxy("::1", 8080)),
        ("http://me:p%40ss@proxy:1", Proxy("proxy", 1, ("me", "p@ss"))),
        ("http://me@proxy:1", Proxy("proxy", 1, ("me", ""))),
        ("http=http://me:p=a@ss@proxy:1", Proxy("proxy", 1, ("me", "p=a@ss"))),
        ("http=http://proxy:1", Proxy("proxy", 1)),
        ("all=http://proxy:1", Proxy("proxy", 1)),
    ],
)
def test_proxies_are_read(text, proxy):
    """As people and their environments write them; the login is kept apart and shown nowhere."""
    found = Routes.of([text], []).via(URL)
    assert found == proxy
    assert "p@ss" not in f"{found} {found.url} {found!r}"


@pytest.mark.parametrize(
    "text",
    [
        "socks5://p:1",
        "https://p:1",
        "http://",
        "http://p:x",
        "http://p:0",
        "http://p:1/path",
        "ftp://p",
        "http://[::1",
        " ",
        "http://a b:1",
        "http://p:1?q",
    ],
)
def test_what_is_no_proxy(text):
    """Is refused, and the words to write are given."""
    with pytest.raises(UsageError, match=r"write it like http://host:3128"):
        Routes.of([text], [])


def test_schemes_may_have_their_own():
    """The last word for a scheme holds; "none" means that there is no proxy at all."""
    routes = Routes.of(["http://one:1", "https=http://two:2"], [])
    assert [routes.via(url).host for url in (URL, URL.replace("http", "https"))] == ["one", "two"]
    assert Routes.of(["https=http://two:2"], []).via(URL) is None
    assert Routes.of(["http://one:1", "none"], []).via(URL) is None
    assert Routes.of(["http://one:1", "https=none"], []).via(URL).host == "one"
    assert Routes.of(["none", "http=http://one:1"], []).via(URL).host == "one"
    assert Routes.of([], []).via(URL) is None


@pytest.mark.parametrize(
    ("rule", "host", "direct"),
    [
        ("*", "anything.example", True),
        ("example", "example", True),
        ("images.example", "images.example", True),
        ("example", "images.example", True),
        (".example", "images.example", True),
        ("*.example", "images.example", True),
        ("ample", "images.example", False),
        ("images.example.org", "images.example", False),
        ("IMAGES.example ", "images.example", True),
        ("images.example:80", "images.example", True),
        ("images.example:81", "images.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("::1", "[::1]", True),
        ("[::1]", "[::1]", True),
        ("[::1]:80", "[::1]", True),
        ("fd00::/8", "[fd12::1]", True),
        ("10.0.0.0/8", "images.example", False),
        ("*:80", "images.example", True),
        ("*:81", "images.example", False),
        ("127.0.0.1:\u00b2", "127.0.0.1", False),
        ("127.0.0.1:" + "9" * 5000, "127.0.0.1", False),
        ("10.0.0.0/8", "[::1]", False),
    ],
)
def test_hosts_are_asked_directly(rule, host, direct):
    """A name means all below it, a network all in it, a port only that."""
    routes = Routes.of(["http://proxy:1"], ["", rule])
    assert (routes.via(f"http://{host}/a.jpg") is None) == direct


NUMBERS = st.one_of(st.integers(0, 1 << 33), st.sampled_from([0, 127, 255, 256, 65535, 65536]))
SPELT = st.builds(lambda number, form: form % number, NUMBERS, st.sampled_from(["%d", "0x%x", "0X%X", "0%o", "00%o"]))


@given(st.lists(SPELT, min_size=1, max_size=5).map(".".join))
def test_literals_are_read_as_systems_read_them(text):
    """One to four numbers in three bases: the reading is that of inet_aton."""
    try:
        expected = socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        expected = None
    assert literal(text) == expected


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "0x7f.1",
        "2130706433",
        "localhost",
        "a.localhost",
        "169.254.169.254",
        "::1",
        "localhost.",
        "a.localhost.",
        "localhost.localdomain",
        "ip6-localhost",
    ],
)
def test_unseen_hosts_are_judged_by_what_they_say(host):
    """Through a proxy a private literal is refused, unless its host is opened."""
    with pytest.raises(PrivateAddress):
        check_unseen(Guard(), host, 80)
    check_unseen(Guard(private=True), host, 80)
    check_unseen(Guard(hosts=frozenset({(host, None)})), host, 80)


@pytest.mark.parametrize("host", ["images.example", "1.1.1.1", "16843009", "localhost.example", "2606:4700::1111"])
def test_unseen_hosts_that_may_be_public(host):
    """A name's address is the proxy's business, and public literals are public."""
    check_unseen(Guard(), host, 80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:secret@proxy:1", "http://proxy:1"),
        ("https=http://me:sec@ret@proxy:1", "https=http://proxy:1"),
        ("me:secret@proxy", "proxy"),
        ("http://me:se=c/r@et=@proxy:1", "http://proxy:1"),
        ("http=http://me:secret@proxy:1", "http=http://proxy:1"),
        ("http://proxy:1", "http://proxy:1"),
    ],
)
def test_logins_are_left_out(text, shown):
    """What is kept and shown of a proxy holds no login."""
    assert without_login(text) == shown


def test_the_environment_is_read_as_others_read_it():
    """Lower case goes before upper case, and within CGI a client cannot set the proxy."""
    found = Surroundings.of({"http_proxy": "a", "HTTP_PROXY": "b", "HTTPS_PROXY": "c", "NO_PROXY": "d", "HOME": "/h"})
    assert (dict(found.proxies), found.no_proxy, found.netrc) == ({"http": "a", "https": "c"}, "d", "/h/.netrc")
    assert dict(Surroundings.of({"HTTP_PROXY": "b", "REQUEST_METHOD": "GET"}).proxies) == {}
    assert dict(Surroundings.of({"http_proxy": "", "HTTP_PROXY": "b"}).proxies) == {}
    variables = {"NETRC": "n", "SSL_CERT_FILE": "f", "ALL_PROXY": "p"}
    assert Surroundings.of(variables) == Surroundings("f", {"all": "p"}, "", "n", variables)
    assert "secret" not in repr(Surroundings.of({"http_proxy": "http://me:secret@p"}))
