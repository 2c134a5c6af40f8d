"""Secrets by every way they come in: sent to whom they are for, and written nowhere."""

import base64
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.doors.missteps import descendants
from tests.doors.running import LIMIT, arguments, finish, run, start
from tests.support.hostile import JPEG, SCRIPTS, HostileServer, sized
from tests.support.proxy import Proxy
from tests.support.watching import LINUX

CANARY = "c4n4ry-%s-of-many-letters"
WAYS = ("header", "env", "toml", "netrc", "cookie", "bearer", "word", "password", "proxy")
SECRETS = {way: CANARY % way for way in WAYS}


def spellings(secret: str) -> set[bytes]:
    """Give the ways in which a secret could stand somewhere."""
    logins = {base64.b64encode(f"me:{secret}".encode()).decode()}
    return {text.encode() for text in {secret, secret.upper(), quote(secret, safe="")} | logins}


def leaks(*texts: bytes) -> list[str]:
    """Name the secrets that stand in texts."""
    whole = b"\0".join(texts)
    found = [way for way, secret in SECRETS.items() if any(each in whole for each in spellings(secret))]
    return sorted(found)


def echo(connection, visit):
    """Say back all that was said: as an error, behind a redirect, in place of an image."""
    said = " ".join(
        value for name, value in connection.request.headers.items() if name.startswith(("auth", "cook", "x-"))
    )
    answers = (
        b"HTTP/1.1 500 %b\r\nContent-Length: 0\r\n\r\n" % said.encode(),
        b"HTTP/1.1 302 x\r\nLocation: /echo?%b\r\nContent-Length: 0\r\n\r\n" % said.encode(),
        sized(said.encode()),
    )
    connection.send(answers[min(visit, 3) - 1])
    return True


def locked(connection, _):
    """An image for who says any of the passwords, a refusal else."""
    said = "\n".join(connection.request.headers.values())
    known = any(spelling.decode() in said for secret in SECRETS.values() for spelling in spellings(secret))
    connection.send(sized(JPEG) if known else sized(b"who are you", status="401 Unauthorized"))
    return True


@pytest.fixture
def server():
    """Give a server that repeats what it hears."""
    with HostileServer(SCRIPTS | {"/echo": echo, "/locked.jpg": locked}) as server:
        yield server


@pytest.fixture
def files(tmp_path):
    """Give the files that hold secrets, in a folder that is not the job's."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {SECRETS['netrc']}\n")
    (tmp_path / "more.toml").write_text(f'header = ["X-Toml: {SECRETS["toml"]}"]\n')
    line = "\t".join(("127.0.0.1", "FALSE", "/", "FALSE", "0", "session", SECRETS["cookie"]))
    (tmp_path / "jar.txt").write_text(f"# Netscape HTTP Cookie File\n{line}\n")
    return tmp_path


def ways(server, files) -> dict[str, tuple[list[object], dict[str, str]]]:
    """Give flags and variables by the way a secret comes in."""
    home = f"http://127.0.0.1:{server.port}"
    return {
        "header": (["-H", f"Authorization: Token {SECRETS['header']}"], {}),
        "env": ([], {"DOWNLOADER_HEADER": f"X-Env: {SECRETS['env']}\nX-Other: a b, c"}),
        "toml": (["--config", files / "more.toml"], {}),
        "netrc": (["--netrc", files / "netrc"], {}),
        "cookie": (["--cookies", files / "jar.txt"], {}),
        "bearer": (["--auth", f"{home}=bearer:MY_TOKEN"], {"MY_TOKEN": SECRETS["bearer"]}),
        "word": (["--auth", f"{home}=me:env:MY_WORD"], {"MY_WORD": SECRETS["word"]}),
        "password": (["--auth", f"{home}=me:{SECRETS['password']}"], {}),
    }


def command(*args: object, **variables: str) -> list[str]:
    """Give the command that runs the program with these variables set."""
    return ["env", *(f"{name}={value}" for name, value in variables.items()), *arguments(*args)]


def kept(folder: Path) -> list[bytes]:
    """Give the contents of every file of a folder."""
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


@pytest.mark.parametrize("engine", ["thread", "async", "curl"])
@pytest.mark.parametrize("way", [way for way in WAYS if way != "proxy"])
def test_secrets_are_written_nowhere(tmp_path, server, files, engine, way):
    """Not by a log, an error, a manifest, a list of failures or a result, though the server repeats them."""
    flags, variables = ways(server, files)[way]
    folder = tmp_path / "images"
    job = ["get", server.url("/locked.jpg"), server.url("/echo"), server.url("/500.jpg"), server.url("/forbidden")]
    job += ["-o", folder, "--engine", engine, "-vv", "--json", "--allow-private", "--retries", 1, "--backoff", "0:0"]
    ran = finish(start(command=command(*job, *flags, **{"DOWNLOADER_DEBUG": "1", **variables})))
    assert ran.summary["saved"] == 1, ran.err
    assert "***" in ran.err, "what the server repeats is masked"
    read = finish(start(command=command("status", folder, "--json")))
    assert leaks(*kept(folder), ran.out.encode(), ran.err.encode(), read.out.encode()) == []
    assert (folder / ".downloader/manifest.sqlite").exists()


def test_a_proxy_that_says_its_login_back(tmp_path):
    """In the words by which it opens no tunnel."""
    said = base64.b64encode(f"me:{SECRETS['proxy']}".encode()).decode()
    with Proxy({}, login=f"me:{SECRETS['proxy']}", tunnel=f"403 {said}") as proxy:
        folder = tmp_path / "images"
        ran = run("get", "https://images.example/a.jpg", "-o", folder, "-vv", "--json", "--proxy", proxy.url_with_login,
                  "--retries", 0)  # fmt: skip
        assert proxy.asked
    assert "403 ***" in ran.err
    assert leaks(*kept(folder), ran.out.encode(), ran.err.encode()) == []


@pytest.mark.parametrize(
    "flags",
    [
        ["-H", f"X-A: {CANARY}\r\nX-B: c"],
        ["-H", f"Host: {CANARY}"],
        ["-H", f"X {CANARY}"],
        ["--auth", CANARY],
        ["--auth", f"http://a.example/{CANARY}=me:{CANARY}"],
        ["--auth", f"a.example=bearer:{CANARY}"],
        ["--referer", f"https://me:{CANARY}@a.example/"],
        ["--proxy", f"socks5://me:{CANARY}@a.example/"],
    ],
)
def test_what_is_refused_is_not_quoted(tmp_path, flags):
    """One line says what is wrong and how to write it, without the secret in it."""
    ran = finish(start(command=command("get", "http://127.0.0.1/a.jpg", "-o", tmp_path, *flags, DOWNLOADER_DEBUG="1")))
    assert ran.status == 2
    assert ran.err.count("\n") == 1, ran.err
    assert CANARY not in ran.err


def test_retry_asks_for_them_again(tmp_path, server, files):
    """One line says which flags had secrets that are not kept; none when they are there again, or asked for quietly."""
    flags = ["--auth", f"http://127.0.0.1:{server.port}=me:{SECRETS['password']}", "-H", f"X-Key: {SECRETS['header']}"]
    folder = tmp_path / "images"
    job = ["get", server.url("/500.jpg"), "-o", folder, "--retries", 0, "--allow-private", "-H", "Accept-Language: ko"]
    run(*job, *flags, "--cookies", files / "jar.txt")
    again = run("retry", folder)
    said = (
        "the run before had secrets in --header, --auth, which are kept nowhere: give them again, with all their values"
    )
    assert f"downloader: {said}\n" in again.err
    last = server.requests[-1].headers
    assert last["accept-language"] == "ko", "what is no secret is kept"
    assert last["cookie"] == f"session={SECRETS['cookie']}", "the file is read again"
    assert not {"x-key", "authorization"} & set(last)
    assert "secrets" not in run("retry", folder, *flags).err
    assert "had secrets in --header, which" in run("retry", folder, *flags[:2]).err
    assert "secrets" not in run("retry", folder, "-q").err


# --- processes


def arguments_of_children(process) -> list[bytes]:
    """Give the arguments of all processes below one, once there are any."""
    give_up = time.monotonic() + LIMIT
    while time.monotonic() < give_up and process.poll() is None:
        found = [read for pid in descendants(process.pid) if (read := _arguments(pid))]
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("no child was seen")


def _arguments(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@LINUX
@pytest.mark.parametrize("kind", ["workers", "comparison"])
def test_no_child_has_secrets_in_its_arguments(tmp_path, server, files, kind):
    """Neither the processes that work on images nor those in which engines are compared, seen while they run."""

    def waiting(connection, _):
        connection.until(server.gate)
        connection.send(sized(JPEG))
        return True

    server.scripts["/waiting.jpg"] = waiting
    given, variables = [], {}
    for flags, more in ways(server, files).values():
        given += flags
        variables |= more
    (tmp_path / "list.txt").write_text(server.url("/waiting.jpg") + "\n")
    shared = ["-i", tmp_path / "list.txt", "--allow-private", "--workers", 1, "--process", "decode", *given]
    report = tmp_path / "report.html"
    orders = {
        "workers": ["get", *shared, "-o", tmp_path / "images"],
        "comparison": ["compare", *shared, "--engines", "thread", "--runs", 1, "--report", report, "--json"],
    }
    process = start(command=command(*orders[kind], **variables))
    try:
        while not server.hits["/waiting.jpg"] and process.poll() is None:
            time.sleep(0.05)
        seen = arguments_of_children(process)
    finally:
        server.gate.set()
        ran = finish(process)
    assert ran.status == 0, ran.err
    assert leaks(*seen) == []
    assert leaks(ran.out.encode(), ran.err.encode()) == []
    if kind == "comparison":
        assert leaks(report.read_bytes()) == []
        assert "***" in json.loads(ran.out)["command"]
    assert server.requests[-1].headers["authorization"].startswith("Basic "), "it was given a login all the same"
