"""The ways to write a private address, honest ones and tricks: loopback, and the address of clouds' metadata."""

ADDRESSES = (
    "127.0.0.1",
    "\uff11\uff12\uff17.0.0.1",  # full-width digits
    "127\u30020\u30020\u30021",  # ideographic full stops
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "innocent.example",
    "127.0.0.1\\.example.com",  # a backslash ends the host as a slash does
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[::FFFF:A9FE:A9FE]",
    "[64:ff9b::a9fe:a9fe]",
    "metadata.example",
)
"""What is read as a private address on every machine, and the names that lead to one."""

ODD_NUMBERS = (
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0177.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7F.0x0.0x0.0x1",
    "00000177.0.0.1",
    "127.000.000.001",
    "127.0.0.1.",
    "2130706433.",
    "4294967296",
    "0",
    "0.0.0.0",
    "2852039166",
    "0xA9FEA9FE",
    "025177524776",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.254.169.254.",
)
"""What one C library reads as an address and another takes for a name that does not exist."""

NO_HOSTS = (
    "[::1%25lo]",
    "[::1%lo]",
    "[fe80::1%251]",
    "[::ffff:127.0.0.1%lo]",
    "[127.0.0.1]",
    "[::1",
    "127.0.0.1%00.example.com",
    "example.com@127.0.0.1",
    "127%2e0%2e0%2e1",
    "127..0.0.1",
)
"""What is no host at all by the rules of URLs."""

MAY_END = (
    dict.fromkeys(ADDRESSES, frozenset({"private-address"}))
    | dict.fromkeys(ODD_NUMBERS, frozenset({"private-address", "no-such-host"}))
    | dict.fromkeys(NO_HOSTS, frozenset({"bad-url"}))
)
"""How each spelling may end; "saved" is never among it."""
