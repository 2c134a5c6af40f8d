"""What the head of each request says, and to whom: the same lines from every engine.

What may be a secret goes to the origin that the list names, scheme, host and port, and to no other that a redirect
leads to: curl sent such headers on to another port or scheme of the same host (CVE-2022-27774, CVE-2022-27776).
Cookies go by their own rules, hop by hop.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from downloader.measures import AUTO
from downloader.policy.address import endpoint, origin
from downloader.policy.cookies import Cookies
from downloader.settings import Request
from downloader.settings.request import header_line, is_public

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Head:
    """The header fields of one request, in their order; ``secret`` are those of them that no text may show."""

    fields: Mapping[str, str] = field(repr=False)
    secret: Mapping[str, str] = field(default_factory=lambda: _NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens doors, read from files and the environment."""

    by_origin: Mapping[str, str] = field(default_factory=dict, repr=False)  # what Authorization says: --auth
    by_host: Mapping[str, str] = field(default_factory=dict, repr=False)  # and of a netrc
    cookies: Cookies | None = None


class Heads:
    """Makes the head of each request. Made once a job; what is the same for all requests is worked out here."""

    def __init__(self, request: Request, credentials: Credentials, agent: str) -> None:
        given = {_usual(name): value for name, value in map(header_line, request.header)}
        usual = {
            "User-Agent": agent if request.user_agent == AUTO else request.user_agent,
            "Accept": "image/*,*/*;q=0.8",
            # Exact bytes: what is stored is what the server keeps, not what was compressed on the way.
            "Accept-Encoding": "identity",
        }
        referer = {"Referer": request.referer} if request.referer not in (None, AUTO) else {}
        public = {name: value for name, value in given.items() if is_public(name)}
        merged = {name: value for name, value in (usual | referer | public).items() if value}
        self._own_referer = request.referer == AUTO and "Referer" not in public
        self._secret = {name: value for name, value in given.items() if not is_public(name)}
        self._credentials = credentials
        self._plain = Head(merged)
        self._same = not (
            self._own_referer or self._secret or credentials.by_origin or credentials.by_host or credentials.cookies
        )

    def head(self, url: str, first: str) -> Head:
        """Give the head of a request for ``url``, in an attempt that began with ``first``; both are normalised."""
        if self._same:
            return self._plain
        home = origin(first)
        secret = self._secrets_at(url, home) if origin(url) == home else {}
        if "Cookie" not in secret and self._credentials.cookies and (said := self._credentials.cookies.header(url)):
            secret["Cookie"] = said
        # RFC 9110 §10.1.3: what was read over TLS is not told in the clear.
        if self._own_referer and not (home.startswith("https:") and url.startswith("http:")):
            return Head({**self._plain.fields, "Referer": f"{home}/", **secret}, secret)
        return Head({**self._plain.fields, **secret}, secret) if secret else self._plain

    def _secrets_at(self, url: str, home: str) -> dict[str, str]:
        """Give what goes to the list's own origin alone: a login named for it, else a header, else that of a netrc."""
        known = self._credentials
        if said := known.by_origin.get(home):
            return {**self._secret, "Authorization": said}
        if known.by_host and "Authorization" not in self._secret and (said := known.by_host.get(endpoint(url)[0])):
            return {**self._secret, "Authorization": said}
        return dict(self._secret)

    def remarks(self) -> list[str]:
        """Say what a person should know of what is sent, once a run."""
        said = []
        if self._secret:
            names = ", ".join(sorted(self._secret))
            said.append(f"--header {names}: sent to every host of the list, and to no other a redirect leads to")
        clear = [home for home in self._credentials.by_origin if home.startswith("http:")]
        said += [f"--auth {home}: the login is sent in the clear, anybody on the way can read it" for home in clear]
        if self._credentials.cookies and (count := self._credentials.cookies.unsendable):
            said.append(f"--cookies: {count} left out, they hold characters that no header can")
        return said


def basic(user: str, password: str) -> str:
    """Give the credentials of RFC 7617."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


_USUAL = ("User-Agent", "Accept", "Referer", "Authorization", "Cookie")


def _usual(name: str) -> str:
    """Give a name that we know ourselves in the spelling that we use."""
    return next((known for known in _USUAL if known.lower() == name.lower()), name)
