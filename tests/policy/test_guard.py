"""Which addresses may be contacted."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from downloader.errors import PrivateAddress, UsageError
from downloader.policy.guard import Guard, closed

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
