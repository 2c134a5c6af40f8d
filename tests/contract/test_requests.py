"""What a request carries: the same lines from every engine, and secrets where they belong."""

import base64
import re
from pathlib import Path

import pytest

from downloader import Saved, UsageError
from tests.support.hostile import SCRIPTS, HostileServer, head, redirect
from tests.support.proxy import Proxy

TOKEN = "t0ken-c4n4ry-of-the-bearer"
FOREVER = 4_000_000_000


@pytest.fixture
def other():
    """Give a server on another port: another origin."""
    with HostileServer(SCRIPTS) as server:
        yield server


def lines(request):
    """Give the header lines of a request, as they came."""
    return request.head.decode("latin-1").split("\r\n")[1:-2]


def jar(path: Path, *cookies: tuple[str, str, str, int, str, str]) -> str:
    """Write a file of cookies: domain, path, TRUE for TLS, expiry, name, value."""
    rows = [
        "\t".join((domain, str(domain.removeprefix("#HttpOnly_").startswith(".")).upper(), *map(str, rest)))
        for domain, *rest in cookies
    ]
    path.write_text("\n".join(["# Netscape HTTP Cookie File", "", "# made by hand", *rows, ""]))
    return str(path)


def test_every_engine_sends_the_same_lines(ask, hostile):
    """To the byte: names in their case, in this order, and nothing that a library adds of its own."""
    ask(
        hostile.url("/good.jpg"),
        header=["accept-language: ko, en;q=0.5", "X-Key: a  b", "authorization: Token x"],
        user_agent="bot/1 (+https://bot.example)",
        referer="auto",
    )
    assert lines(hostile.requests[0]) == [
        f"Host: 127.0.0.1:{hostile.port}",
        "User-Agent: bot/1 (+https://bot.example)",
        "Accept: image/*,*/*;q=0.8",
        "Accept-Encoding: identity",
        "accept-language: ko, en;q=0.5",
        f"Referer: http://127.0.0.1:{hostile.port}/",
        "X-Key: a  b",
        "Authorization: Token x",
    ]


def test_an_honest_name(ask, hostile):
    """Name and version, and nothing that pretends to be a browser."""
    ask(hostile.url("/good.jpg"))
    said = hostile.requests[0].headers["user-agent"]
    assert re.fullmatch(r"parallel-image-downloader/\d+\.\d+\.\d+( \(\+https://\S+\))?", said)


def test_what_is_taken_away_is_not_sent(ask, hostile):
    """No library puts its own in place of it."""
    ask(hostile.url("/good.jpg"), header=["User-Agent:", "accept:"])
    assert lines(hostile.requests[0]) == [f"Host: 127.0.0.1:{hostile.port}", "Accept-Encoding: identity"]


def test_secrets_stay_at_their_origin(ask, hostile, other):
    """A redirect to another port brings no secret there; one at home keeps them, and a way back has them again."""
    hostile.scripts["/near"] = redirect("/good.jpg")
    hostile.scripts["/away"] = redirect(other.url("/back"))
    other.scripts["/back"] = redirect(hostile.url("/good.jpg"))
    found, notices = ask(
        hostile.url("/near"),
        hostile.url("/away"),
        header=["X-Api-Key: k3y", "Cookie: a=b", "Accept-Language: ko"],
        auth=[f"http://127.0.0.1:{hostile.port}=bearer:TOKEN"],
        variables={"TOKEN": TOKEN},
    )
    assert all(isinstance(outcome, Saved) for outcome in found.values())
    secret = ("authorization", "x-api-key", "cookie")
    at_home = {tuple(request.headers.get(name) for name in secret) for request in hostile.requests}
    assert at_home == {(f"Bearer {TOKEN}", "k3y", "a=b")}
    assert len(hostile.requests) == 4
    [away] = other.requests
    assert [away.headers.get(name) for name in secret] == [None, None, None]
    assert away.headers["accept-language"] == "ko"
    assert any("in the clear" in notice for notice in notices)
    assert TOKEN not in str(notices) + str(found)


def test_secrets_do_not_leave_tls(ask, hostile, hostile_over_tls, tls):
    """From https to http is another origin: no secret follows, and no Referer tells where it came from."""
    locked = hostile_over_tls()
    locked.scripts["/down"] = redirect(hostile.url("/good.jpg"))
    ask(
        locked.url("/down"),
        header=["X-Api-Key: k3y"],
        auth=[f"127.0.0.1:{locked.port}=me:pass"],
        referer="auto",
        ca_file=tls.ca_file,
    )
    [over_tls], [clear] = locked.requests, hostile.requests
    assert over_tls.headers["authorization"] == "Basic " + base64.b64encode(b"me:pass").decode()
    assert over_tls.headers["referer"] == f"https://127.0.0.1:{locked.port}/"
    assert set(clear.headers) == {"host", "user-agent", "accept", "accept-encoding"}


def test_a_login_goes_over_tls_unless_it_says_http(ask, hostile):
    """And only to its own port."""
    for auth in (
        f"127.0.0.1:{hostile.port}=me:pass",
        "http://127.0.0.1=me:pass",
        f"http://127.0.0.2:{hostile.port}=me:p",
    ):
        ask(hostile.url(f"/good.jpg?{auth[:24]}"), auth=[auth])
    assert [request.headers.get("authorization") for request in hostile.requests] == [None, None, None]


def test_a_password_of_the_environment(ask, hostile):
    """Stands in no argument."""
    ask(hostile.url("/good.jpg"), auth=[f"http://127.0.0.1:{hostile.port}=me:env:WORD"], variables={"WORD": "pä ss"})
    said = hostile.requests[0].headers["authorization"]
    assert base64.b64decode(said.removeprefix("Basic ")).decode() == "me:pä ss"


@pytest.mark.parametrize(
    ("auth", "why"),
    [
        ("a.example=bearer:NOT_THERE", "the environment has no 'NOT_THERE'"),
        ("a.example=me:env:NOT_THERE", "the environment has no 'NOT_THERE'"),
        ("a.example=bearer:ODD", "'ODD' of the environment holds what is no token"),
        ("a.example/path=me:c4nary", "before '=' stands HOST"),
        ("ftp://a.example=me:c4nary", "before '=' stands HOST"),
        ("a b=me:c4nary", "before '=' stands HOST"),
    ],
)
def test_logins_that_cannot_be_used(ask, auth, why):
    """One line says which, before anything is asked, and without the secret."""
    with pytest.raises(UsageError, match=why) as error:
        ask("http://127.0.0.1/x.jpg", auth=[auth], variables={"ODD": "c4nary\r\nX: y"})
    assert "c4nary" not in str(error.value)


def test_cookies_go_by_their_rules(ask, hostile, hostile_over_tls, tls, tmp_path):
    """By host, path, scheme and time, at each hop anew, with those of a session and those only for HTTP."""
    locked = hostile_over_tls()
    cookies = jar(
        tmp_path / "jar.txt",
        ("127.0.0.1", "/", "FALSE", FOREVER, "plain", "1"),
        ("127.0.0.1", "/deep", "FALSE", FOREVER, "deep", "2"),
        ("127.0.0.1", "/", "TRUE", FOREVER, "tls", "3"),
        ("127.0.0.1", "/", "FALSE", 1_000_000_000, "old", "4"),
        ("127.0.0.1", "/", "FALSE", 0, "session", "5"),
        ("127.0.0.1", "/", "FALSE", "", "browser", "6"),
        ("#HttpOnly_127.0.0.1", "/", "FALSE", FOREVER, "hidden", "7"),
        (".0.0.1", "/", "FALSE", FOREVER, "above", "8"),
        ("other.example", "/", "FALSE", FOREVER, "other", "9"),
    )
    hostile.scripts["/deep/er"] = redirect(locked.url("/good.jpg"))
    ask(hostile.url("/deep/er"), cookies=cookies, ca_file=tls.ca_file)
    assert hostile.requests[0].headers["cookie"] == "deep=2; plain=1; session=5; browser=6; hidden=7"
    assert locked.requests[0].headers["cookie"] == "plain=1; tls=3; session=5; browser=6; hidden=7"


def setting(connection, _):
    """Send on, with a cookie."""
    connection.send(head("302 Found", "Location: /good.jpg", "Set-Cookie: a=b; Path=/", "Content-Length: 0"))
    return True


def test_set_cookie_is_not_kept(ask, hostile):
    """Each attempt is by itself: what one answer sets, no later request brings."""
    hostile.scripts["/set"] = setting
    ask(hostile.url("/set"), hostile.url("/good.jpg?2"), jobs=1)
    assert all("cookie" not in request.headers for request in hostile.requests)
    assert len(hostile.requests) == 3


@pytest.mark.parametrize(
    "text", ["", "a=b; c=d\n", "# Netscape HTTP Cookie File\na.example\tc4nary\n", None, b"\xff\xfe\0"]
)
def test_cookies_that_cannot_be_read(ask, tmp_path, text, recwarn):
    """One line says how the file begins, and quotes none of it."""
    path = tmp_path / "jar.txt"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    why = "the first line must be '# Netscape HTTP Cookie File'" if text is not None else "cannot be read"
    with pytest.raises(UsageError, match=f"jar.txt' .*{why}") as error:
        ask("http://127.0.0.1/x.jpg", cookies=str(path))
    assert "c4nary" not in str(error.value)
    assert "\n" not in str(error.value)
    assert not error.value.__cause__ or isinstance(error.value.__cause__, FileNotFoundError)
    assert not recwarn.list


def test_a_proxy_sees_no_secret_of_a_tunnel(ask, hostile_over_tls, tls):
    """What is for the host goes through the tunnel, and the proxy hears of the host alone."""
    behind = hostile_over_tls()
    with Proxy({"127.0.0.1:443": ("127.0.0.1", behind.port)}) as proxy:
        settings = {"header": ["X-Api-Key: k3y"], "auth": ["127.0.0.1=me:pass"], "user_agent": "bot/1"}
        ask("https://127.0.0.1/good.jpg", proxy=[proxy.url], ca_file=tls.ca_file, **settings)
        assert behind.requests[0].headers["x-api-key"] == "k3y"
        assert "authorization" in behind.requests[0].headers
        assert not re.search("k3y|authorization|x-api-key", "".join(proxy.heads), re.IGNORECASE)
