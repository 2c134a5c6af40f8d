"""What each request says, as people write it: what is taken, what is refused, and what is never shown."""

import pytest

from downloader.errors import UsageError
from downloader.settings import Settings
from downloader.settings.request import Login, header_line, login

CANARY = "s3cr3t-canary"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Accept-Language: ko", ("Accept-Language", "ko")),
        ("X-A:b:c\t", ("X-A", "b:c")),
        ("accept:", ("accept", "")),
        ("user-agent: ", ("user-agent", "")),
        ("Referer: https://a.example/b#c", ("Referer", "https://a.example/b")),
    ],
)
def test_headers_are_read(text, read):
    """Name and value, without the space around; a default without a value is left out."""
    assert header_line(text) == read
    assert Settings.of(header=[text]).request.header == (text,)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no colon", "write it like"),
        (": x", "write it like"),
        ("X A: b", "write it like"),
        ("X-A : b", "write it like"),
        ("X-Ä: b", "write it like"),
        ("X-A: b\r\nHost: c", "line break"),
        ("X-A: b\nc", "line break"),
        ("X-A: b\0", "line break"),
        ("X-A: é", "not ASCII"),
        ("X-A:", "no value"),
        ("Authorization:", "no value"),
        ("accept-encoding: gzip", "'identity'"),
        ("Accept-Encoding:", "'identity'"),
        ("Host: a", "--resolve"),
        ("Content-Length: 0", "no body"),
        ("Transfer-Encoding: chunked", "no body"),
        ("Connection: close", "kept and closed"),
        ("Range: bytes=0-1", "whole"),
        ("If-None-Match: x", "whole"),
        ("if-modified-since: x", "whole"),
        ("Proxy-Authorization: Basic x", "--proxy"),
        ("Referer: https://me:x@a.example/", "login"),
    ],
)
def test_headers_are_refused(text, why):
    """With the reason, and without a word of the value."""
    with pytest.raises(UsageError, match=f"--header cannot be read: .*{why}") as error:
        Settings.of(header=(text,))
    assert "\n" not in str(error.value)


def test_a_header_named_twice_is_refused():
    """In whatever case: which of the two should be sent?"""
    with pytest.raises(UsageError, match="'x-a' is named twice"):
        Settings.of(header=["X-A: 1", "x-a: 2"])


def test_several_in_one_text():
    """A line each, as the environment has them; spaces and commas are theirs."""
    made = Settings.of(header="X-A: 1, 2\nX-B: 3\n", auth="a.example=me:a b\nb.example=bearer:B")
    assert made.request.header == ("X-A: 1, 2", "X-B: 3")
    assert made.request.auth == ("a.example=me:a b", "b.example=bearer:B")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a.example=me:x=y:z", Login("https://a.example", "me", "x=y:z")),
        ("a.example:8443=bearer:TOKEN", Login("https://a.example:8443", None, variable="TOKEN")),
        ("http://a.example=me:env:PASSWORD", Login("http://a.example", "me", variable="PASSWORD")),
        ("[::1]:8443=:x", Login("https://[::1]:8443", "", "x")),
    ],
)
def test_logins_are_read(text, read):
    """An origin, https unless it says otherwise, and who comes."""
    assert login(text) == read


@pytest.mark.parametrize("text", ["a.example", "a.example=me", "=me:x", "a.example=me:", "a.example=bearer:", CANARY])
def test_logins_are_refused(text):
    """Without a word of what may be a password."""
    with pytest.raises(UsageError, match="--auth cannot be read: write it like") as error:
        Settings.of(auth=[f"{text}"])
    assert CANARY not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_agent", ""),
        ("user_agent", "a\r\nb: c"),
        ("user_agent", "ü"),
        ("referer", "a.example"),
        ("referer", "ftp://a.example/"),
        ("referer", "https://me:x@a.example/"),
        ("referer", "https://a.example/a b"),
        ("referer", "https:///x"),
        ("referer", "https://a.example/\r\nb:c"),
    ],
)
def test_the_rest_is_refused(name, value):
    """What no header can hold, and a Referer that is no URL, or tells a login."""
    with pytest.raises(UsageError):
        Settings.of(**{name: value})


SECRET = {
    "header": [
        f"X-Any-Name: {CANARY}",
        f"authorization: Bearer {CANARY}",
        f"Cookie: a={CANARY}",
        "Accept-Language: ko",
    ],
    "auth": [f"a.example=me:{CANARY}"],
    "proxy": [f"http://me:{CANARY}@proxy.example:1"],
}


def test_secrets_are_not_shown():
    """Neither by repr nor among what is kept; what is no secret is kept, and makes settings again."""
    made = Settings.of(**SECRET, cookies="jar.txt", user_agent="bot/1", referer="https://a.example/")
    assert CANARY not in repr(made)
    assert CANARY not in str(made.without_secrets())
    again = Settings().replace(**made.without_secrets())
    assert again.request.header == ("Accept-Language: ko",)
    assert (again.request.cookies, again.request.user_agent) == ("jar.txt", "bot/1")
    assert again.reach.proxy == ("http://proxy.example:1",)
    assert made.withheld() == ["--proxy", "--header", "--auth"]
    assert again.withheld() == []


def test_arguments_are_veiled():
    """However a flag is joined with its value."""
    made = Settings.of(**SECRET)
    said = [
        f"-H{SECRET['header'][0]}",
        f"--auth={SECRET['auth'][0]}",
        *SECRET["proxy"],
        "-HAccept-Language: ko",
        "-j",
        "4",
    ]
    assert [made.veil(word) for word in said] == ["-H***", "--auth=***", "***", "-HAccept-Language: ko", "-j", "4"]
