"""Logins go to the host they were given for, and are written down nowhere."""

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from downloader import Saved, UsageError
from tests.doors.running import arguments, finish, run, start
from tests.support.hostile import JPEG, SCRIPTS, HostileServer, redirect, sized
from tests.support.proxy import Proxy

SECRET = "pass=w0rd/"
SAID = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()


def locked(connection, _):
    """An image for those who know the login."""
    known = connection.request.headers.get("authorization") == SAID
    connection.send(sized(JPEG) if known else sized(b"who are you", status="401 Unauthorized"))
    return True


@pytest.fixture
def netrc(tmp_path: Path) -> str:
    """Give a file with a login for 127.0.0.1, and one for everybody else, which nobody shall get."""
    path = tmp_path / "netrc"
    path.write_text(f"machine 127.0.0.1 login me password {SECRET}\ndefault login me password {SECRET}\n")
    return str(path)


def test_a_login_opens_what_is_locked(fetch, hostile: HostileServer, netrc: str):
    """The file's login is sent to its host with the first request; without the file the image is forbidden."""
    hostile.scripts = SCRIPTS | {"/locked.jpg": locked}
    url = hostile.url("/locked.jpg")
    assert fetch([url], netrc="none")[url].code == "forbidden"
    assert isinstance(fetch([url + "?again"], netrc=netrc)[url + "?again"], Saved)


def test_a_login_is_dropped_when_the_host_changes(fetch, hostile: HostileServer, netrc: str):
    """A redirect elsewhere brings no login there, be it to another port of the same machine; one at home keeps it."""
    with HostileServer(SCRIPTS) as other:
        away = redirect(other.url("/good.jpg"))
        hostile.scripts = SCRIPTS | {"/away": away, "/near": redirect("/good.jpg")}
        fetch([hostile.url("/away"), hostile.url("/near")], netrc=netrc)
        assert {request.headers.get("authorization") for request in hostile.requests} == {SAID}
        assert [request.headers.get("authorization") for request in other.requests] == [None]


def test_the_default_login_goes_to_nobody(fetch, hostile: HostileServer, tmp_path: Path):
    """A list of URLs leads to hosts that nobody has named."""
    path = tmp_path / "netrc"
    path.write_text(f"default login me password {SECRET}\n")
    fetch([hostile.url("/good.jpg")], netrc=str(path))
    assert "authorization" not in hostile.requests[0].headers


@pytest.mark.parametrize("text", ["machine", "machine a login b passwort c\n", None])
def test_a_file_that_cannot_be_read(fetch, hostile: HostileServer, tmp_path: Path, text: str | None):
    """One line says which, and how to go without."""
    path = tmp_path / "netrc"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"netrc' cannot be read: .*--netrc none") as error:
        fetch([hostile.url("/good.jpg")], netrc=str(path))
    assert "passwort" not in str(error.value), "the line may hold a password"


def test_secrets_are_written_nowhere(tmp_path: Path, netrc: str):
    """Neither of a host nor of a proxy: not in what is logged, printed or kept, whatever fails."""
    scripts = SCRIPTS | {"/locked.jpg": locked, "/forbidden.jpg": SCRIPTS["/403.jpg"]}
    with HostileServer(scripts) as server:
        names = {f"127.0.0.1:{server.port}": ("127.0.0.1", server.port)}
        with Proxy(names, login=f"me:{SECRET}") as proxy:
            urls = [server.url(path) for path in ("/locked.jpg", "/forbidden.jpg", "/500.jpg")]
            folder = tmp_path / "images"
            job = ["-o", folder, "-vv", "--allow-private", "--json", "--retries", 1, "--backoff", "0:0"]
            ran = run("get", *urls, *job, "--netrc", netrc, "--proxy", proxy.url_with_login)
            assert ran.summary["saved"] == 1, ran.err
            assert proxy.asked
            again = run("retry", folder, "-vv", "--json", "--netrc", netrc)
            assert again.status == 4
            assert again.summary["failed"] == {"proxy": 2}, "the proxy is remembered, its login is not"
    files = [file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()]
    written = "".join([ran.out, ran.err, again.out, again.err, *files])
    assert SECRET not in written
    assert base64.b64encode(f"me:{SECRET}".encode()).decode() not in written
    with closing(sqlite3.connect(folder / ".downloader/manifest.sqlite")) as database:
        assert proxy.url in str(database.execute("SELECT value FROM meta WHERE name = 'settings'").fetchone())


# --- what the environment says, as the command line hears it


def in_environment(*args: object, **variables: str):
    """Run the program with these variables set."""
    return finish(start(command=["env", *(f"{name}={value}" for name, value in variables.items()), *arguments(*args)]))


def test_proxies_of_the_environment(tmp_path: Path, hostile: HostileServer):
    """They are used, but for hosts that no_proxy names or where --proxy says none; what is kept does not name them."""
    names = {"images.example:80": ("127.0.0.1", hostile.port)}
    with Proxy(names) as proxy:
        job = ["--allow-private", "--json", "--retries", 0, "-o"]
        url = "http://images.example/good.jpg"
        ran = in_environment("get", url, *job, tmp_path / "a", http_proxy=proxy.url)
        assert (ran.status, proxy.asked) == (0, [f"GET {url}"]), ran.err
        assert proxy.url in ran.err
        own = hostile.url("/good.jpg")
        ran = in_environment("get", own, *job, tmp_path / "b", ALL_PROXY=proxy.url, no_proxy="127.0.0.1,other")
        assert (ran.status, len(proxy.asked)) == (0, 1), ran.err
        ran = in_environment("get", own, *job, tmp_path / "c", "--proxy", "none", HTTP_PROXY="x", http_proxy=proxy.url)
        assert (ran.status, len(proxy.asked)) == (0, 1), ran.err
        kept = (tmp_path / "a/.downloader/manifest.sqlite").read_bytes()
        assert proxy.url.encode() not in kept


def test_a_proxy_that_is_none(tmp_path: Path):
    """One line says what may be written, without the login."""
    for way in (f"socks5://me:{SECRET}@127.0.0.1:1080", "http://", "http://h:port", "https://h:1"):
        ran = run("get", "http://a.example/a.jpg", "-o", tmp_path, "--proxy", way)
        assert ran.status == 2
        assert ran.err.startswith("downloader: --proxy cannot be ")
        assert ran.err.count("\n") == 1
        assert SECRET not in ran.err


def test_logins_of_the_environment(tmp_path: Path, hostile: HostileServer, netrc: str):
    """The file that NETRC names is read, else the one at home."""
    hostile.scripts = SCRIPTS | {"/locked.jpg": locked}
    job = ["get", hostile.url("/locked.jpg"), "--allow-private", "--json", "-o"]
    assert in_environment(*job, tmp_path / "a", NETRC=netrc).status == 0
    Path(netrc).rename(tmp_path / ".netrc")
    assert in_environment(*job, tmp_path / "b", HOME=str(tmp_path)).status == 0
    assert in_environment(*job, tmp_path / "c", "--netrc", "none", HOME=str(tmp_path)).status == 3
    assert in_environment(*job, tmp_path / "d", NETRC="n" * 5000).status == 3, "a usual file need not be there"


# --- trust


@pytest.mark.parametrize("kind", ["unknown", "expired", "wrong_host"])
def test_insecure_trusts_anybody(fetch, hostile_over_tls, tls, kind: str):
    """With --insecure the certificate is not looked at; without it the image fails."""
    server = hostile_over_tls(getattr(tls, kind))
    url = server.url("/good.jpg")
    assert fetch([url], ca_file=tls.ca_file)[url].code == "tls"
    assert isinstance(fetch([url + "?b"], insecure=True)[url + "?b"], Saved)


def test_insecurity_is_said_once(tmp_path: Path, hostile_over_tls, tls):
    """In the run's own words, and without a library's warnings."""
    server = hostile_over_tls(tls.unknown)
    urls = [server.url(f"/good.jpg?{number}") for number in range(5)]
    ran = run("get", *urls, "-o", tmp_path / "images", "--allow-private", "--insecure", "--json", "--jobs", 2)
    assert ran.summary["saved"] == 5
    assert ran.err.count("--insecure") == 1
    assert "Warning" not in ran.err
