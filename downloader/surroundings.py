"""What the environment says of the ways out: authorities, proxies, logins. Doors read it once and hand it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds where no setting says otherwise. None of it is kept in the manifest: it may hold passwords."""

    ca_file: str | None = None
    proxies: Mapping[str, str] = field(default_factory=lambda: _NONE, repr=False)  # by scheme, "all" for both
    no_proxy: str = ""  # hosts asked directly, with commas between
    netrc: str | None = None  # a file of logins, which need not be there
    variables: Mapping[str, str] = field(default_factory=lambda: _NONE, repr=False)  # all: settings may name some

    def plain(self) -> dict[str, Any]:
        """Give the fields as JSON values, to be handed to another process over a pipe."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {
            "proxies": dict(self.proxies),
            "variables": dict(self.variables),
        }

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Surroundings":
        """Read the variables that curl, wget and requests know: lower case first, as they do."""
        found = {scheme: _proxy(environ, scheme) for scheme in ("http", "https", "all")}
        home = environ.get("HOME")
        return cls(
            ca_file=environ.get("SSL_CERT_FILE") or None,
            proxies={scheme: proxy for scheme, proxy in found.items() if proxy},
            no_proxy=environ.get("no_proxy") or environ.get("NO_PROXY") or "",
            netrc=environ.get("NETRC") or (f"{home}/.netrc" if home else None),
            variables=dict(environ),
        )


def _proxy(environ: Mapping[str, str], scheme: str) -> str:
    upper = environ.get(f"{scheme}_proxy".upper(), "")
    if scheme == "http" and "REQUEST_METHOD" in environ:
        # Within CGI, HTTP_PROXY is what a client sent as a header "Proxy:" (CVE-2016-5385).
        upper = ""
    return environ.get(f"{scheme}_proxy", upper)
