"""What each request says of us: its headers, and as whom it comes. The words are judged here, before any is sent."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from downloader.measures import AUTO, optional_text
from downloader.settings.groups import option

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2: token

# RFC 9110 §5.5 asks for ASCII; what lies beyond it the HTTP libraries write in different encodings.
_VALUE = re.compile(r"[\x20-\x7e\t]*")

_CONNECTION = "connections are kept and closed by the program itself"
_WHOLE = "images are asked for whole: a part, or 'not modified', could not be stored"
_BODY = "a request for an image has no body"

REFUSED = {
    "accept-encoding": "'identity' is what makes the stored bytes the server's own",
    "connection": _CONNECTION,
    "content-length": _BODY,
    "content-type": _BODY,
    "expect": _BODY,
    "host": "it is the host of the URL; --resolve HOST:ADDRESS asks another machine",
    "keep-alive": _CONNECTION,
    "proxy-authorization": "write the login into --proxy http://user:password@host:3128",
    "proxy-connection": _CONNECTION,
    "range": _WHOLE,
    "te": _CONNECTION,
    "trailer": _BODY,
    "transfer-encoding": _BODY,
    "upgrade": _CONNECTION,
}
"""Headers that nobody may set, and why; all that begin with "if-" are refused as well."""

DEFAULTS = ("User-Agent", "Accept")
"""Headers sent by default that a person may change or take away."""

_PUBLIC = frozenset(
    ("accept", "accept-charset", "accept-language", "cache-control", "dnt", "from", "origin", "pragma", "priority",
     "referer", "save-data", "upgrade-insecure-requests", "user-agent", "x-requested-with")
)  # fmt: skip


def is_public(name: str) -> bool:
    """Tell whether a header of this name is known to hold no secret; every other is taken to be one."""
    return name.lower() in _PUBLIC or name.lower().startswith("sec-")


def header_line(text: str) -> tuple[str, str]:
    """Parse "Name: value" into its parts; the value is "" where a default is to be left out. Raises ValueError."""
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    if not colon or not _NAME.fullmatch(name):
        raise ValueError("write it like 'Accept-Language: ko'")
    lower = name.lower()
    if why := _WHOLE if lower.startswith("if-") else REFUSED.get(lower):
        raise ValueError(f"{name!r} cannot be set: {why}")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the value of {name!r} holds a line break or what is not ASCII")
    if not value and lower not in map(str.lower, DEFAULTS):
        raise ValueError(f"{name!r} has no value; only {' and '.join(DEFAULTS)} can be taken away like this")
    return name, referer(value) or "" if lower == "referer" else value


def headers(value: Any) -> tuple[str, ...]:
    """Take header lines: several, or one text with a line each."""
    texts = each_line(value)
    names = [header_line(text)[0].lower() for text in texts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{twice!r} is named twice: write all its values into one, with commas between")
    return texts


def user_agent(value: Any) -> str:
    """Take what goes into User-Agent; "auto" for name, version and project."""
    said = str(value or "").strip()
    if not said:
        raise ValueError("it must not be empty; --header 'User-Agent:' sends none")
    if not _VALUE.fullmatch(said):
        raise ValueError("it holds a line break or what is not ASCII")
    return said


def referer(value: Any) -> str | None:
    """Take a URL to name as the one that led here, without its fragment; "auto" for the image's own site."""
    said = optional_text(value)
    if said in (None, AUTO):
        return said
    parts = urlsplit(said)
    if parts.scheme not in ("http", "https") or not parts.hostname or not re.fullmatch(r"[\x21-\x7e]+", said):
        raise ValueError("write 'auto', or a URL like https://example.com/gallery")
    if "@" in parts.netloc:  # RFC 9110 §10.1.3: neither a login nor a fragment
        raise ValueError("a login does not belong in it")
    return said.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Login:
    """One ``--auth``: for which origin, and either a user with a password or the variable that holds a token."""

    origin: str  # scheme, host and perhaps a port, like a URL without a path
    user: str | None
    password: str = field(default="", repr=False)
    variable: str = ""  # of the environment, which holds the token, or the password where there is a user


def login(text: str) -> Login:
    """Parse "host=user:pass", "host=user:env:VAR" or "host=bearer:VAR". Raises ValueError."""
    where, equals, who = text.partition("=")
    user, colon, rest = who.partition(":")
    if not (where and equals and colon and rest):
        raise ValueError("write it like example.com=user:password or example.com=bearer:VARIABLE")
    origin = where if "://" in where else f"https://{where}"
    if user == "bearer":
        return Login(origin, None, variable=rest)
    if rest.startswith("env:"):
        return Login(origin, user, variable=rest.removeprefix("env:"))
    return Login(origin, user, rest)


def logins(value: Any) -> tuple[str, ...]:
    """Take logins: several, or one text with a line each."""
    texts = each_line(value)
    for text in texts:
        login(text)
    return texts


def each_line(value: Any) -> tuple[str, ...]:
    """Take texts that may hold spaces and commas: several, or one with a line each."""
    parts = value.splitlines() if isinstance(value, str) else value
    return tuple(str(part) for part in parts if str(part).strip())


def _public_headers(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in texts if is_public(header_line(text)[0]))


def _no_logins(_: tuple[str, ...]) -> tuple[str, ...]:
    return ()


def _all_of_it(said: str | None) -> str | None:
    return said  # what holds a login is refused, and the refusal must not quote it


@dataclass(frozen=True, slots=True)
class Request:
    """What each request says."""

    header: tuple[str, ...] = option(
        (),
        headers,
        "A header of every request; 'Accept:' leaves a default out. Repeatable.",
        flag="-H",
        metavar="'NAME: VALUE'",
        shown=_public_headers,
    )
    user_agent: str = option(
        AUTO, user_agent, "Who asks; 'auto' says name, version and project.", flag="-A", metavar="TEXT"
    )
    referer: str | None = option(
        None,
        referer,
        "The page that leads to the images: a URL, or 'auto' for each one's own site.",
        metavar="URL",
        shown=_all_of_it,
    )
    cookies: str | None = option(None, optional_text, "Send the cookies of a Netscape cookies.txt.", metavar="FILE")
    auth: tuple[str, ...] = option(
        (),
        logins,
        "A login for one origin, by https unless it says http://. Others on this machine can read the arguments of a "
        "command: HOST=USER:env:VARIABLE, HOST=bearer:VARIABLE and --netrc keep the secret out of them. Repeatable.",
        metavar="HOST=USER:PASSWORD",
        shown=_no_logins,
    )
