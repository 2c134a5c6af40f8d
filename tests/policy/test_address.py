"""Which URLs and addresses may be contacted."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from downloader.errors import BadUrl, PrivateAddress, UsageError
from downloader.policy.address import MAX_URL, Guard, closed, endpoint, follow, host_of, normalise

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
    ('http://example.com/"<>[]\\^`{|}', "http://example.com/%22%3C%3E%5B%5D%5C%5E%60%7B%7C%7D"),
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
]

BAD = [
    ("", "no scheme"),
    ("example.com/a.jpg", "no scheme"),
    ("//example.com/a.jpg", "no scheme"),
    ("localhost:8000/a.jpg", "no scheme"),
    ("ftp://example.com/a", "ftp: cannot be fetched"),
    ("file:///etc/passwd", "file: cannot be fetched"),
    ("data:image/png;base64,AAAA", "data: cannot be fetched"),
    ("javascript:alert(1)", "javascript: cannot be fetched"),
    ("http://", "no host"),
    ("http:///a.jpg", "no host"),
    ("http:example.com", "no host"),
    ("http://:80/", "no host"),
    ("http://user@example.com/", "user name"),
    ("http://user:secret@example.com/", "user name"),
    ("http://example.com\\@evil.example/", "user name"),
    ("http://example.com\\evil.example/", "no host name"),
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


def test_a_password_is_not_repeated():
    """The refusal of a user name does not carry the password into the manifest."""
    with pytest.raises(BadUrl) as error:
        normalise("http://user:secret@example.com/")
    assert "secret" not in error.value.detail


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


CLOSED = {
    "this-network": ["0.1.2.3", "0.255.255.255"],
    "private": [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
    ],
    "loopback": ["127.0.0.1", "127.255.255.255", "::ffff:127.0.0.1", "64:ff9b::7f00:1"],
    "unspecified, loopback or IPv4-compatible": ["::", "::1", "::127.0.0.1"],
    "link-local": ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "protocol-assignment": ["192.0.0.1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255"],
    "6to4 relay": ["192.88.99.1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "reserved": ["240.0.0.1", "255.255.255.255"],
    "local NAT64": ["64:ff9b:1::1"],
    "discard-only": ["100::1"],
    "Teredo or protocol-assignment": ["2001::1", "2001:1ff::1"],
    "6to4": ["2002:7f00:1::"],
    "segment-routing": ["5f00::1"],
    "unique-local": ["fc00::1", "fdff::1"],
    "site-local": ["fec0::1"],
    "zone-bound": ["fe80::1%eth0", "2606:4700::1%1"],
}


@pytest.mark.parametrize(("reason", "address"), [(reason, each) for reason, all_ in CLOSED.items() for each in all_])
def test_closed_addresses_say_why(reason, address):
    """Each special range is closed, also where it hides inside an IPv6 address."""
    assert closed(address) == reason


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:200::1",
        "2003::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_public_addresses_are_open(address):
    """The neighbours of the special ranges stay open."""
    assert closed(address) is None


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_is_open_is_global(address):
    """No address that the standard library's registry calls special is open."""
    if closed(str(address)) is None:
        inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        assert (inner or address).is_global


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_judged_as_itself(address):
    """IPv4-mapped and NAT64 forms are as open or closed as the address they carry."""
    mapped, nat64 = IPv6Address(f"::ffff:{address}"), IPv6Address(int(ip_address("64:ff9b::")) + int(address))
    assert closed(str(mapped)) == closed(str(nat64)) == closed(str(IPv4Address(int(address))))


def test_the_guard_drops_what_is_closed():
    """Of several addresses the open ones are left; none left is refused, with host and reason."""
    guard = Guard()
    assert guard.permit("h.example", 80, ["10.0.0.1", "8.8.8.8", "::1", "1.1.1.1"]) == ["8.8.8.8", "1.1.1.1"]
    with pytest.raises(PrivateAddress, match=r"h\.example \(10\.0\.0\.1\) is a private address"):
        guard.permit("h.example", 80, ["10.0.0.1", "::1"])
    with pytest.raises(PrivateAddress, match=r"^127\.0\.0\.1 is a loopback address"):
        guard.permit("127.0.0.1", 80, ["127.0.0.1"])


@pytest.mark.parametrize(
    ("rules", "host", "port", "allowed"),
    [
        (["h.example"], "h.example", 80, True),
        (["h.example"], "h.example", 8080, True),
        (["H.Example"], "h.example", 80, True),
        (["h.example:8080"], "h.example", 8080, True),
        (["h.example:8080"], "h.example", 80, False),
        (["h.example"], "other.example", 80, False),
        (["h.example"], "sub.h.example", 80, False),
        (["a.example", "127.0.0.1:81"], "127.0.0.1", 81, True),
        (["[::1]"], "::1", 80, True),
        (["[0:0::1]:81"], "::1", 81, True),
        (["[::1]:81"], "::1", 80, False),
        (["bücher.example"], "xn--bcher-kva.example", 80, True),
        ([], "h.example", 80, False),
    ],
)
def test_hosts_can_be_opened_one_by_one(rules, host, port, allowed):
    """--allow-host opens a host, on one port or on all, and no other."""
    guard = Guard.of(allow_private=False, allow_host=rules)
    if allowed:
        assert guard.permit(host, port, ["127.0.0.1"]) == ["127.0.0.1"]
        return
    with pytest.raises(PrivateAddress):
        guard.permit(host, port, ["127.0.0.1"])


def test_all_can_be_opened():
    """--allow-private opens every address."""
    assert Guard.of(allow_private=True, allow_host=()).permit("h", 80, ["10.0.0.1"]) == ["10.0.0.1"]


@pytest.mark.parametrize(
    "rule",
    ["", "::1", "[::zz]", "10.0.0.0/8", "h:99999", "h:x", "http://h/", "u@h", "a?b", "a#b", "*.example.com"],
)
def test_rules_that_could_never_match_are_refused(rule):
    """A rule that is no host is an error, not silently without effect."""
    with pytest.raises(UsageError, match="--allow-host"):
        Guard.of(allow_private=False, allow_host=[rule])


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=5))
def test_the_guard_lets_nothing_closed_through(addresses):
    """What permit gives is open, in order, and nothing open is lost."""
    is_open = [address for address in addresses if closed(address) is None]
    assume(is_open)
    assert Guard().permit("h.example", 80, addresses) == is_open
