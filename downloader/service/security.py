"""Who may ask, from where, and what every answer is told to browsers with."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from downloader.service.problems import BEGUN, Handler, Problem
from downloader.service.serving import Serving

COOKIE = "downloader_session"

SESSION = 12 * 3600
"""Seconds that a page's session lasts."""

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise: nothing inline, nothing from elsewhere, nobody's frame."""

HEALTH = frozenset(("/healthz", "/readyz"))
"""Asked by machines under whatever name, and telling nothing."""


class Gate:
    """Owns the token. Sessions are signed with it, so that they outlive the service, and end when it changes."""

    def __init__(self, serving: Serving) -> None:
        self._token = serving.token.encode() if serving.token and not serving.no_auth else None
        self._hosts = serving.allowed_hosts

    @property
    def closed(self) -> bool:
        """Whether a token is asked for."""
        return self._token is not None

    def knows(self, token: str) -> bool:
        """Compare a token, in a time that does not tell how much of it is right."""
        # Digests have one length: compare_digest tells that of its arguments by its time.
        given = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        return self._token is not None and hmac.compare_digest(given, hashlib.sha256(self._token).digest())

    def session(self) -> str:
        """Make what a session's cookie holds."""
        body = f"{int(time.time()) + SESSION}.{secrets.token_urlsafe(8)}"
        return f"{body}.{self._signed(body)}"

    def admits(self, cookie: str) -> bool:
        """Tell whether a cookie is one of ours, and of today."""
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signed(body).encode()):
            return False
        return int(body.partition(".")[0]) > time.time()

    def _signed(self, body: str) -> str:
        return hmac.new(self._token or b"", b"session " + body.encode("utf-8", "replace"), "sha256").hexdigest()

    def check(self, request: web.Request, *, is_open: bool) -> None:
        """Raise Problem for a request that is not to be answered."""
        self._check_host(request)
        self._check_origin(request)
        if self.closed and not is_open and not self.is_known(request):
            raise Problem(
                401,
                "a token is needed: send 'Authorization: Bearer TOKEN', or open the page with the address that the "
                "service printed",
                {"WWW-Authenticate": 'Bearer realm="downloader"'},
            )

    def _check_host(self, request: web.Request) -> None:
        """Refuse names that are not ours: a page of elsewhere may have its own name lead here (DNS rebinding)."""
        name = _name_of(request.headers.get("Host", ""))
        if name not in self._hosts:
            raise Problem(
                421, f"this service is not called {name[:80]!r}: the operator can allow it with --public-host"
            )

    def _check_origin(self, request: web.Request) -> None:
        """Refuse what a page of another origin has a browser send."""
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            if request.method in SAFE and request.headers.get("Sec-Fetch-Mode") == "navigate":
                return  # a link that was followed; it carries no session (SameSite=Strict) and changes nothing
            raise Problem(403, "this was sent by a page of another site")
        origin = request.headers.get("Origin")
        if origin is not None and request.method not in SAFE and not self._is_own(origin, request):
            raise Problem(403, f"this was sent by a page of {origin[:80]!r}, which is another origin")

    def _is_own(self, origin: str, request: web.Request) -> bool:
        try:
            return urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower() != ""
        except ValueError:
            return False

    def is_known(self, request: web.Request) -> bool:
        """Tell whether a request brings the token, or the cookie of a session."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme:
            return scheme.lower() == "bearer" and self.knows(token.strip())
        cookie = request.cookies.get(COOKIE)
        return cookie is not None and self.admits(cookie)


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower() if "@" not in host else ""
    except ValueError:
        return ""


def guarded(gate: Gate, open_paths: frozenset[str]) -> object:
    """Make the middleware that checks every request."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in HEALTH:
            path = request.match_info.route.resource.canonical if request.match_info.route.resource else ""
            gate.check(request, is_open=path in open_paths)
        return await handler(request)

    return check


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer, streams included."""
    put_headers(response)
    response.headers.pop("Server", None)
    request[BEGUN] = True


def put_headers(response: web.StreamResponse) -> None:
    """Put the headers on an answer that says nothing else."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
