"""Who is let in: one test for each point of the table in docs/service.md, which tries to break it."""

import hmac
import inspect
import json
import subprocess
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from downloader.service import security
from downloader.service.api import OPERATIONS
from downloader.service.operations import Operation
from tests.doors.running import arguments, environment
from tests.service.serving import Served
from tests.service.strangers import JOBS, TOKEN, raw, status


def _refused(*flags: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments("serve", "--port", 0, *flags),
        env=environment() | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_another_address_needs_a_token(tmp_path: Path) -> None:
    """0.0.0.0 without a token, and without saying --no-auth aloud, is refused with what to do."""
    ran = _refused("--host", "0.0.0.0", "--data", tmp_path / "data")
    assert ran.returncode == 2
    assert "DOWNLOADER_TOKEN" in ran.stderr
    assert "--no-auth" in ran.stderr


def test_a_weak_token_is_refused(tmp_path: Path) -> None:
    """What can be guessed is no token."""
    ran = _refused("--data", tmp_path / "data", DOWNLOADER_TOKEN="guessable")  # noqa: S106 - it is refused
    assert ran.returncode == 2
    assert "guessable" not in ran.stderr


def test_a_token_is_made_once(data: Path) -> None:
    """Named and not there, the file is made, for its owner alone; its address is printed once and not logged."""
    file = data.parent / "secrets" / "token"
    with Served(data, "--token-file", file) as service:
        token = file.read_text().strip()
        assert file.stat().st_mode & 0o777 == 0o600
        assert service.printed.strip().endswith(f"/#token={token}")
        assert service.ask("GET", JOBS).status_code == 401
        assert service.ask("GET", JOBS, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        service.terminate()
        service.restart()
        assert token not in service.printed
        assert token not in service.log


def test_every_path_is_closed_without_a_token(closed: Served) -> None:
    """All operations but those that say that they are open answer 401, whatever is wrong besides."""
    assert [each.path for each in OPERATIONS if each.open] == [
        "/api/v1/session", "/api/v1/session", "/api/v1/session", "/healthz", "/readyz", "/openapi.json",
    ]  # fmt: skip
    for operation in OPERATIONS:
        path = operation.path.replace("{id:[A-Za-z0-9_-]{22}}", "A" * 22).replace("{index:\\d{1,15}}", "0")
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Cookie": f"{security.COOKIE}=x"},
        ):
            reply = closed.ask(operation.method, path, headers=headers)
            assert (reply.status_code == 401) != operation.open, (operation, reply.text)


def test_tokens_are_compared_in_constant_time() -> None:
    """The one comparison of secrets is hmac.compare_digest, of digests of equal length."""
    source = inspect.getsource(security.Gate)
    assert source.count("hmac.compare_digest") == 2
    assert "==" not in inspect.getsource(security.Gate.knows)
    assert "_token ==" not in source
    seen: list[int] = []
    gate = security.Gate.__new__(security.Gate)
    gate._token = TOKEN.encode()  # type: ignore[misc]

    class Digests:
        def compare_digest(self, one: bytes, other: bytes) -> bool:
            seen.extend((len(one), len(other)))
            return hmac.compare_digest(one, other)

    known = security.hmac
    security.hmac = Digests()  # type: ignore[assignment]
    try:
        assert not gate.knows("x")
        assert gate.knows(TOKEN)
    finally:
        security.hmac = known
    assert set(seen) == {32}


def test_a_session_is_a_cookie_no_script_reads(closed: Served) -> None:
    """The token is taken once; the cookie is HttpOnly and SameSite=Strict, and opens the API."""
    reply = closed.ask("POST", "/api/v1/session", json={"token": TOKEN})
    cookie = reply.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    closed.client.cookies.clear()
    value = cookie.partition(";")[0]
    assert closed.ask("GET", JOBS, headers={"Cookie": value}).status_code == 200
    assert closed.ask("POST", "/api/v1/session", json={"token": "wrong" * 8}).status_code == 403


def test_a_session_cannot_be_forged(closed: Served) -> None:
    """A longer life, another signature, none at all: refused."""
    cookie = closed.ask("POST", "/api/v1/session", json={"token": TOKEN}).cookies[security.COOKIE]
    closed.client.cookies.clear()
    until, salt, signature = cookie.split(".")
    forged = (
        f"{int(until) + 1}.{salt}.{signature}", f"{until}.{salt}.{'0' * 64}", f"{until}.{salt}.", f"{until}.{salt}",
        "..", "", f"{until}.{salt}.\u00e9", f"1.{salt}.{signature}",
    )  # fmt: skip
    for each in forged:
        reply = closed.ask("GET", JOBS, headers={"Cookie": f"{security.COOKIE}={each}".encode()})
        assert reply.status_code == 401, each


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", "127.1"]
)
def test_foreign_names_are_refused(service: Served, name: str) -> None:
    """DNS rebinding: a page whose name leads here asks by that name, and gets nothing."""
    answer = raw(service, f"GET {JOBS} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    assert status(answer) in (400, 421)
    assert b'"jobs"' not in answer


def test_the_page_is_behind_the_names_too(service: Served) -> None:
    """Not only the API."""
    assert status(raw(service, b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")) == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "http://[", ""]
)
def test_other_origins_cannot_post(service: Served, server: ImageServer, origin: str) -> None:
    """A form or a script of another page cannot submit, by whichever content type browsers send unasked."""
    for media, body in (("text/plain", server.url(0)), ("application/json", json.dumps({"urls": [server.url(0)]}))):
        reply = service.ask("POST", JOBS, data=body, headers={"Origin": origin, "Content-Type": media})
        assert reply.status_code == 403, reply.text
    reply = service.ask("POST", JOBS, files={"file": ("a.txt", server.url(0))}, headers={"Origin": origin})
    assert reply.status_code == 403


def test_its_own_page_can_post(service: Served, server: ImageServer) -> None:
    """The Origin of the page itself is no other."""
    reply = service.ask(
        "POST", JOBS, json={"urls": [server.url(0)]}, headers={"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
    )
    assert reply.status_code == 202


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_even_look(service: Served, site: str) -> None:
    """What a browser says is sent by another site's page is refused, pictures and scripts included."""
    for path in (JOBS, "/metrics", "/api/v1/events"):
        reply = service.ask("GET", path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"})
        assert reply.status_code == 403
    assert (
        service.ask("POST", JOBS, data="x", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code
        == 403
    )


def test_operations_say_who_may_use_them() -> None:
    """A new operation is closed unless its author says otherwise."""
    assert Operation.__dataclass_fields__["open"].default is False
