"""Certificates for the loopback: good ones, and each kind of bad."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

HOSTS = ("127.0.0.1", "localhost", "::1")


class Tls:
    """Server contexts by what is wrong with their certificates; ``ca_file`` names the authority to trust."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        path = folder / "authority.pem"
        authority.cert_pem.write_to_path(path)
        long_ago = datetime.now(UTC) - timedelta(days=20)
        self.ca_file = str(path)
        good = authority.issue_cert(*HOSTS)
        self.good_pem = good.private_key_and_cert_chain_pem  # for servers that read files
        self.trusted = _context(good)
        self.unknown = _context(trustme.CA().issue_cert(*HOSTS))
        self.expired = _context(
            authority.issue_cert(*HOSTS, not_before=long_ago, not_after=long_ago + timedelta(days=10))
        )
        self.wrong_host = _context(authority.issue_cert("elsewhere.example", "192.0.2.1"))

    @property
    def bad(self) -> dict[str, ssl.SSLContext]:
        """Give the contexts that no client should accept, by name."""
        return {"unknown": self.unknown, "expired": self.expired, "wrong-host": self.wrong_host}


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    return context
