"""Which URLs and addresses may be contacted."""

import re
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downloader.errors import BadUrl
from downloader.policy import address
from downloader.policy.address import MAX_URL, endpoint, follow, host_of, masked, normalise

NORMAL = [
    ("http://example.com", "http://example.com/"),
    ("  http://example.com/a.jpg \n", "http://example.com/a.jpg"),
    ("\u3000http://example.com/a.jpg\u3000", "http://example.com/a.jpg"),
    ("HTTP://EXAMPLE.COM/A.JPG", "http://example.com/A.JPG"),
    ("http://example.com:80/a", "http://example.com/a"),
    ("https://example.com:443/a", "https://example.com/a"),
    ("http://example.com:443/a", "http://example.com:443/a"),
    ("https://example.com:80/a", "https://example.com:80/a"),
    ("http://example.com:/a", "http://example.com/a"),
    ("http://example.com:0080/a", "http://example.com/a"),
    ("http://example.com/a#part", "http://example.com/a"),
    ("http://example.com?q=1", "http://example.com/?q=1"),
    ("http://example.com/a b?c d", "http://example.com/a%20b?c%20d"),
    ("http://example.com/ü?ü=ü", "http://example.com/%C3%BC?%C3%BC=%C3%BC"),
    ("http://example.com/%c3%bc", "http://example.com/%C3%BC"),
    ("http://example.com/%7euser", "http://example.com/%7Euser"),
    ("http://example.com/100%", "http://example.com/100%25"),
    ("http://example.com/%zz%%41", "http://example.com/%25zz%25%41"),
    ("http://example.com/a%2Fb", "http://example.com/a%2Fb"),
    ("http://example.com/!$&'()*+,;=:@-._~", "http://example.com/!$&'()*+,;=:@-._~"),
    ("http://example.com/?a/b?c", "http://example.com/?a/b?c"),
    ('http://example.com/"<>[]^`{|}', "http://example.com/%22%3C%3E%5B%5D%5E%60%7B%7C%7D"),
    ("http://example.com/\x00\x7f", "http://example.com/%00%7F"),
    ("http://example.com/caf\udce9", "http://example.com/caf%E9"),
    ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ("http://BÜCHER.example/", "http://xn--bcher-kva.example/"),
    ("http://faß.example/", "http://xn--fa-hia.example/"),
    ("http://a。example/", "http://a.example/"),
    ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
    ("http://a_b.example/", "http://a_b.example/"),
    ("http://example.com./", "http://example.com./"),
    ("http://127.0.0.1/", "http://127.0.0.1/"),
    ("http://\uff11\uff12\uff17.0.0.1/", "http://127.0.0.1/"),
    ("http://[::1]:8080/", "http://[::1]:8080/"),
    ("http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"),
    ("http://exa\tmple.com/a\nb", "http://example.com/ab"),
    ("http://exa\tmple.com/a\r\n\t/b?c\td", "http://example.com/a/b?cd"),
    ("\x00\x1f http://example.com/a \x00", "http://example.com/a"),
    ("http:\\\\example.com\\a\\b.jpg?c\\d", "http://example.com/a/b.jpg?c%5Cd"),
    ("http://example.com\\@evil.example/", "http://example.com/@evil.example/"),
    ("http://example.com/a#b\\c", "http://example.com/a"),
    ("http:example.com/a.jpg", "http://example.com/a.jpg"),
    ("https:/example.com/a.jpg", "https://example.com/a.jpg"),
    ("http:///example.com/a.jpg", "http://example.com/a.jpg"),
    ("HTTPS:\\/\\example.com/a.jpg", "https://example.com/a.jpg"),
    ("//example.com/a.jpg", "https://example.com/a.jpg"),
    ("\\\\example.com\\a.jpg", "https://example.com/a.jpg"),
    ("//example.com:8080/a.jpg", "https://example.com:8080/a.jpg"),
    ("example.com/a.jpg", "https://example.com/a.jpg"),
    ("www.Example.com/a b.jpg?q=http://h/", "https://www.example.com/a%20b.jpg?q=http://h/"),
    ("bücher.example/ü.jpg", "https://xn--bcher-kva.example/%C3%BC.jpg"),
    ("example.xn--p1ai/a.jpg", "https://example.xn--p1ai/a.jpg"),
]

BAD = [
    ("", "there is no URL"),
    ("\x00 ", "there is no URL"),
    ("a.jpg", "it has no scheme: write http:// or https:// before the host: 'a.jpg'"),
    ("images/a.jpg", "no scheme"),
    ("./example.com/a.jpg", "no scheme"),
    ("/example.com/a.jpg", "no scheme"),
    ("example.com", "no scheme"),
    ("192.0.2.1/a.jpg", "no scheme"),
    ("localhost/a.jpg", "no scheme"),
    ("localhost:8000/a.jpg", "no scheme"),
    ("example.com:8000/a.jpg", "no scheme"),
    ("'http://example.com/a.jpg'", "no scheme"),
    ("<http://example.com/a.jpg>", "no scheme"),
    (f"{'a.' * 200}example/a.jpg", "no scheme"),
    ("ftp://example.com/a", "ftp: cannot be fetched"),
    ("file:///etc/passwd", "file: cannot be fetched"),
    ("data:image/png;base64,AAAA", "data: cannot be fetched"),
    ("javascript:alert(1)", "javascript: cannot be fetched"),
    ("http://", "no host"),
    ("http:///", "no host"),
    ("http:\\\\", "no host"),
    ("//", "no host"),
    ("http://:80/", "no host"),
    ("http://user@example.com/", "user name"),
    ("http://user:secret@example.com/", "user name"),
    ("http://user@example.com\\a.jpg", "give the login with --netrc FILE: http://…@example.com"),
    ("//user:secret@example.com/", "user name"),
    ("http://exa mple.com/", "no host name"),
    ("http://ex%61mple.com/", "no host name"),
    ("http://-a.example/", "no host name"),
    ("http://a-.example/", "no host name"),
    ("http://a..example/", "no host name"),
    ("http://.example/", "no host name"),
    (f"http://{'a' * 64}.example/", "no host name"),
    (f"http://{'a.' * 127}example/", "no host name"),
    ("http://。/", "no host name"),
    ("http://\ud800.example/", "no host name"),
    ("http://[::1/", "Invalid IPv6"),
    ("http://[::zz]/", ""),
    ("http://[v1.a]/", ""),
    ("http://[127.0.0.1]/", ""),
    ("http://example.com:0/", "port"),
    ("http://example.com:65536/", "port"),
    ("http://example.com:http/", "port"),
    ("http://example.com:-1/", "port"),
    ("http://example.com:٣/", "port"),
    ("http://example.com/" + "a" * MAX_URL, "characters long"),
]


@pytest.mark.parametrize(("text", "expected"), NORMAL)
def test_urls_are_normalised(text, expected):
    """A URL comes out as it goes on the wire, and stays so when normalised again."""
    assert normalise(text) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize(("text", "said"), BAD)
def test_bad_urls_are_refused(text, said):
    """What cannot be fetched is named, and why."""
    with pytest.raises(BadUrl) as error:
        normalise(text)
    assert said in error.value.detail


LOGINS = [
    "http://user:secret@example.com/a.jpg",
    "http:user:secret@example.com/a.jpg",
    "//user:secret@example.com/a.jpg",
    "http:\\\\user:secret@example.com\\a.jpg",
    "ftp://user:secret@example.com/a.jpg",
    "user:secret@example.com/a.jpg",
    "http://user:se/secret@example.com/a.jpg",
    "http://user:se#secret@example.com/a.jpg",
    "http://user:se?secret@example.com/a.jpg",
    "http://user:se@secret@example.com/a.jpg",
    "http://user:secret@exa mple.com/",
    "  http://user:secret@example.com:0/",
    "no URL in column 'url': 1,ftp://user:secret@example.com/",
]


@pytest.mark.parametrize("text", LOGINS)
def test_a_password_is_not_repeated(text):
    """The refusal of a line does not carry a password into the manifest, and nor does what is kept of the line."""
    with pytest.raises(BadUrl) as error:
        normalise(text)
    assert "secret" not in error.value.detail
    assert "secret" not in masked(text)
    assert masked(text).endswith("@" + text.rpartition("@")[2])
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize("text", ["http://example.com/a", "a@b.example", "3,a@b.example,http://h/", "@", ""])
def test_what_holds_no_login_is_kept(text):
    """Only what stands behind a scheme or two slashes can be a login."""
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "http://[fe80::1%eth0]/",
        "http://[::1%a b]/",
        "http://[::1%é]/",
        "http://[::1]evil.example/",
        "http://a[::1]/",
    ],
)
def test_brackets_hold_an_address_and_nothing_else(text):
    """A zone means something on one machine alone; what stands beside the brackets would be lost unseen."""
    with pytest.raises(BadUrl):
        normalise(text)


def test_a_lone_surrogate_is_refused():
    """JSON can spell half a character; it is no URL, and no crash."""
    with pytest.raises(BadUrl):
        normalise("http://example.com/\ud800.jpg")


def test_the_limit_counts_what_goes_on_the_wire():
    """What grows past the limit by escaping is refused at once, not when the manifest is read again."""
    with pytest.raises(BadUrl):
        normalise("http://example.com/" + "é" * (MAX_URL // 4))
    longest = "http://example.com/" + "a" * (MAX_URL - 19)
    assert normalise(longest) == longest


ODD = st.sampled_from(" \t\n\r%/\\?#@:[].-_é。\uff20ⓐß\x00\x7f\u200d\u3000aZ0٣")
PIECES = st.text(st.one_of(ODD, st.characters()), max_size=12)
URLS = st.builds(
    "{}://{}{}/{}?{}#{}".format,
    st.sampled_from(["http", "https", "HTTP", "hTTps"]),
    st.one_of(st.sampled_from(["example.com", "[::1]", "bücher.de", "127.0.0.1"]), PIECES),
    st.one_of(st.just(""), st.integers(-1, 70000).map(":{}".format)),
    PIECES,
    PIECES,
    PIECES,
)


@given(st.one_of(URLS, PIECES))
def test_normalise_is_idempotent_or_refuses(text):
    """Any text is refused with BadUrl, or comes out plain ASCII that stays what it is."""
    try:
        url = normalise(text)
    except BadUrl:
        return
    assert normalise(url) == url
    assert url.isascii()
    assert url.isprintable()
    assert not set(url) & set(' "<>\\^`{|}#')
    assert url.startswith(("http://", "https://"))
    host, port = endpoint(url)
    assert host
    assert 1 <= port <= 65535
    assert host_of(url) == f"{host}:{port}"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("b.jpg", "http://example.com/x/b.jpg"),
        ("/b.jpg", "http://example.com/b.jpg"),
        ("../../b.jpg", "http://example.com/b.jpg"),
        ("?q=1", "http://example.com/x/a.jpg?q=1"),
        ("", "http://example.com/x/a.jpg"),
        ("#part", "http://example.com/x/a.jpg"),
        ("//other.example/b.jpg", "http://other.example/b.jpg"),
        ("https://other.example:443/b", "https://other.example/b"),
        (" /b.jpg ", "http://example.com/b.jpg"),
        ("/grün.jpg", "http://example.com/gr%C3%BCn.jpg"),
        ("/grün.jpg".encode().decode("latin-1"), "http://example.com/gr%C3%BCn.jpg"),
        ("/€.jpg", "http://example.com/%E2%82%AC.jpg"),
        ("/a b.jpg", "http://example.com/a%20b.jpg"),
    ],
)
def test_redirects_are_followed_from_where_they_stand(location, expected):
    """A Location is joined to the URL that sent it, whatever letters it is written in."""
    assert follow("http://example.com/x/a.jpg", location) == expected


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "ftp://h/a",
        "http://[/",
        "http://u:p@h/",
        "http://h:0/",
        "\ud800",
    ],
)
def test_bad_redirects_are_refused(location):
    """A redirect leads to http and https alone, and the refusal says it was one."""
    with pytest.raises(BadUrl) as error:
        follow("http://example.com/x/a.jpg", location)
    assert "redirect" in error.value.detail


@given(PIECES)
def test_no_location_crashes(location):
    """Whatever a server writes into Location is a URL or a BadUrl."""
    try:
        url = follow("http://example.com/x/a.jpg", location)
    except BadUrl:
        return
    assert normalise(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com/", ("example.com", 80)),
        ("https://example.com/", ("example.com", 443)),
        ("https://example.com:8443/", ("example.com", 8443)),
        ("http://[::1]:81/", ("::1", 81)),
    ],
)
def test_endpoints(url, expected):
    """Host and port of a URL, an IPv6 address without brackets."""
    assert endpoint(url) == expected


@pytest.mark.parametrize("text", ["", "no url", "mailto:a@b", "http://h:99999/", "http://[/"])
def test_no_url_has_no_host(text):
    """What is no URL counts for no host, and does not crash."""
    assert host_of(text) == ""


_PIECES = st.lists(
    st.sampled_from(
        (
            *("http://", "https://", "HTTP://", "a", "B", "-", "--", ".", "..", "_", "[::1]", "x" * 64, "ä"),
            *(":", ":80", ":443", ":8080", ":0", ":99999", "@", "/", "//", "?", "??", "#"),
            *("%41", "%e4", "%", " ", "\\", ";", "=", "'", "\n"),
        )
    ),
    max_size=12,
)


@given(_PIECES)
@settings(max_examples=2000)
def test_the_short_way_gives_what_the_long_way_gives(pieces):
    """A URL that is normal already is taken as it is, and nothing else is."""
    text = "".join(pieces)
    assert _outcome(text) == _long_way(text)
    assert _outcome(f"http://a.test/{text}") == _long_way(f"http://a.test/{text}")


def test_the_short_way_is_taken():
    """Or the test above would compare the long way with itself."""
    with patch.object(address, "mended", side_effect=AssertionError):
        assert normalise("http://127.0.0.1:8080/a%20b/c.jpg?d=1&e=?") == "http://127.0.0.1:8080/a%20b/c.jpg?d=1&e=?"


def _long_way(text):
    with patch.object(address, "_NORMAL", re.compile("(?!)")):
        return _outcome(text)


def _outcome(text):
    try:
        return normalise(text)
    except BadUrl as error:
        return error.detail
