"""Which addresses may be contacted: those of the public internet, and what a person opens."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from downloader.errors import BadUrl, PrivateAddress, UsageError
from downloader.policy.address import endpoint, normalise

# What the IANA special-purpose registries (RFC 6890 and its updates) do not call globally reachable, and the ranges
# that carry an IPv4 address inside an IPv6 one by way of a relay that may be anybody's.
_CLOSED: Sequence[tuple[IPv4Network | IPv6Network, str]] = tuple(
    (ip_network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this-network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol-assignment"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/96", "unspecified, loopback or IPv4-compatible"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard-only"),
        ("2001::/23", "Teredo or protocol-assignment"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment-routing"),
        ("fc00::/7", "unique-local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)

_GLOBAL = ip_network("2000::/3")  # RFC 4291 §2.4: all that IANA has given out of IPv6

_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is really contacted


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges the addresses a host resolves to; opened for all by ``private``, or host by host."""

    private: bool = False
    hosts: frozenset[tuple[str, int | None]] = frozenset()  # port None: any

    @classmethod
    def of(cls, allow_private: bool, allow_host: Sequence[str]) -> "Guard":  # noqa: FBT001 - a setting's value
        """Read the rules as people write them; raises UsageError."""
        return cls(allow_private, frozenset(_rule(text) for text in allow_host))

    def permit(self, host: str, port: int, addresses: Sequence[str]) -> Sequence[str]:
        """Give the addresses that may be contacted for this host; raises PrivateAddress when none is left."""
        if self.private or {(host, port), (host, None)} & self.hosts:
            return addresses
        judged = [(address, closed(address)) for address in addresses]
        if good := [address for address, reason in judged if reason is None]:
            return good
        address, reason = judged[0]
        where = address if address == host else f"{host} ({address})"
        raise PrivateAddress(f"{where} is a {reason} address")


def closed(address: str) -> str | None:
    """Say why an address is not for the public internet, or None when it is."""
    if "%" in address:
        return "zone-bound"
    ip = ip_address(address)
    inner = _embedded(ip)
    if inner is not None:
        return closed(str(inner))
    unassigned = "reserved" if ip.version == 6 and ip not in _GLOBAL else None
    return next((name for network, name in _CLOSED if ip in network), unassigned)


def literal(host: str) -> str | None:
    """Give the address that a host names by itself, in any spelling that systems take; None for a name.

    The forms of inet_aton: one to four numbers, each decimal, octal or hexadecimal, the last filling what is left.
    """
    with suppress(ValueError):
        return str(ip_address(host.partition("%")[0]))
    numbers = host.removesuffix(".").split(".")
    if len(numbers) > 4 or not all(_NUMBER.fullmatch(number) for number in numbers):
        return None
    *above, last = (int(number, _base(number)) for number in numbers)
    if any(number > 255 for number in above) or last >= 256 ** (4 - len(above)):
        return None
    return str(IPv4Address(sum(number << 8 * (3 - at) for at, number in enumerate(above)) + last))


_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")


def _base(number: str) -> int:
    return 16 if number[:2].lower() == "0x" else 8 if number[0] == "0" else 10


def _embedded(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(ip, IPv4Address):
        return None
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped


def _rule(text: str) -> tuple[str, int | None]:
    try:
        if re.search(r"[/\\?#@\s]", text):
            raise BadUrl("more than a host")
        host, _ = endpoint(normalise(f"http://{text}"))
    except BadUrl:
        raise UsageError(
            f"--allow-host cannot be {text!r}: write HOST or HOST:PORT, an IPv6 address in [brackets]"
        ) from None
    return host, urlsplit(f"//{text}").port
