"""What the head of each request says, and to whom."""

import pytest

from downloader.policy.heads import Credentials, Heads, basic
from downloader.settings import Settings

HOME = "https://a.example/x?key=1"


def heads(by_origin=None, by_host=None, **request):
    """Make what is judged."""
    return Heads(Settings.of(**request).request, Credentials(by_origin or {}, by_host or {}), "agent/1")


def test_the_default():
    """Name, what is wanted, and exact bytes; one head for all requests."""
    made = heads()
    fields = made.head(HOME, HOME).fields
    assert list(fields.items()) == [
        ("User-Agent", "agent/1"),
        ("Accept", "image/*,*/*;q=0.8"),
        ("Accept-Encoding", "identity"),
    ]
    assert made.head("http://b.example/", HOME) is made.head(HOME, HOME)


def test_defaults_are_changed_and_taken_away():
    """In place, whatever the case of their names; the person's own header goes before the flag of its name."""
    made = heads(header=["user-agent: me", "accept:", "X-B: 2", "Accept-Language: ko"], user_agent="you")
    fields = made.head(HOME, HOME).fields
    assert list(fields) == ["User-Agent", "Accept-Encoding", "Accept-Language", "X-B"]
    assert fields["User-Agent"] == "me"
    assert heads(user_agent="you").head(HOME, HOME).fields["User-Agent"] == "you"


@pytest.mark.parametrize(
    "url", ["https://a.example:8443/x", "http://a.example/x", "https://b.a.example/x", "http://a.example:443/x"]
)
def test_secrets_stay_at_home(url):
    """Another port, scheme or host is another origin (CVE-2022-27774): of what may be a secret it hears nothing."""
    made = heads(
        by_host={"a.example": "Basic N"},
        header=["X-Any: s", "Cookie: c=1", "Accept-Language: ko", "Sec-Fetch-Dest: image"],
    )
    assert made.head("https://a.example/elsewhere", HOME).secret == {
        "X-Any": "s", "Cookie": "c=1", "Authorization": "Basic N"
    }  # fmt: skip
    away = made.head(url, HOME)
    assert not away.secret
    assert list(away.fields) == ["User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Sec-Fetch-Dest"]


def test_the_nearest_login_is_said():
    """That of --auth, which names the origin, else a header, else that of a netrc."""
    host, by_hand = {"a.example": "3"}, ["authorization: 2"]
    for at, header, says in (("https", by_hand, "1"), ("http", by_hand, "2"), ("http", [], "3")):
        made = heads({f"{at}://a.example": "1"}, host, header=header)
        assert made.head(HOME, HOME).fields["Authorization"] == says


def test_a_login_of_another_origin_waits_for_its_own_lines():
    """A redirect does not log in where the list did not ask."""
    made = heads(by_origin={"https://b.example": "1"})
    assert "Authorization" not in made.head("https://b.example/", HOME).fields
    assert "Authorization" in made.head("https://b.example/", "https://b.example/").fields


@pytest.mark.parametrize(
    ("url", "first", "says"),
    [
        (HOME, HOME, "https://a.example/"),
        ("https://b.example/", HOME, "https://a.example/"),
        ("http://b.example/", HOME, None),
        ("https://b.example/", "http://a.example:81/x?key=1", "http://a.example:81/"),
    ],
)
def test_the_sites_own_referer(url, first, says):
    """The origin that the list names and nothing behind it; nothing in the clear of what was under TLS."""
    assert heads(referer="auto").head(url, first).fields.get("Referer") == says


def test_a_referer_by_hand():
    """Goes as it is, to all; as a header too."""
    assert (
        heads(referer="https://g.example/p?q#f").head("http://b.example/", HOME).fields["Referer"]
        == "https://g.example/p?q"
    )
    fields = heads(referer="auto", header=["referer: https://g.example/"]).head(HOME, HOME).fields
    assert fields["Referer"] == "https://g.example/"


def test_remarks():
    """Of logins in the clear, and of secrets for whomever the list names; without a secret in them."""
    made = heads(
        by_origin={"http://a.example": basic("me", "canary"), "https://b.example": "B"}, header=["X-Key: canary"]
    )
    header, clear = made.remarks()
    assert "--header X-Key: sent to every host" in header
    assert "--auth http://a.example" in clear
    assert "canary" not in header + clear + repr(made.head(HOME, HOME))
