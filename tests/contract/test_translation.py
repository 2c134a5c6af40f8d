"""No exception of an HTTP library gets past an engine's edge without a code of ours."""

import http.client
import inspect
import re
import socket
import ssl
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import aiohttp
import aiohttp.client_exceptions
import aiohttp.http_exceptions
import pycurl
import pytest
import requests
import requests.exceptions
import urllib3.exceptions
from aiohttp.client_reqrep import ConnectionKey

from downloader.engines import awaiting, blocking, curlerrors
from downloader.errors import FetchError, Starved

_KEY = ConnectionKey("h.example", 80, False, True, None, None, None)
_SAMPLES: dict[str, Any] = {
    "connection_key": _KEY,
    "os_error": OSError(111, "refused"),
    "certificate_error": ssl.SSLCertVerificationError(1, "bad"),
    "request_info": None,
    "history": (),
    "pool": None,
    "conn": None,
    "url": "http://h.example/",
    "location": "h.example",
}


def _made(kind: type[BaseException]) -> BaseException:
    """Make an exception, whatever its constructor wants."""
    try:
        names = [
            p.name for p in inspect.signature(kind).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]  # fmt: skip
        return kind(*[_SAMPLES.get(name, "said") for name in names])
    except (TypeError, ValueError, AttributeError):
        error = kind.__new__(kind)
        error.args = ("said",)
        return error


def _classes(module: ModuleType, root: type[BaseException]) -> Iterator[type[BaseException]]:
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if issubclass(kind, root) and not issubclass(kind, Warning):
            yield kind


OF_AIOHTTP = sorted(set(_classes(aiohttp.client_exceptions, aiohttp.ClientError)), key=lambda kind: kind.__name__)
OF_REQUESTS = sorted(
    {
        *_classes(requests.exceptions, requests.RequestException),
        *_classes(urllib3.exceptions, urllib3.exceptions.HTTPError),
        *_classes(http.client, http.client.HTTPException),
    },
    key=lambda kind: (kind.__module__, kind.__name__),
)
OF_SOCKETS = [
    socket.timeout,
    ConnectionResetError,
    BrokenPipeError,
    ConnectionRefusedError,
    ssl.SSLError,
    ssl.SSLEOFError,
    OSError,
]


@pytest.mark.parametrize("kind", OF_AIOHTTP + OF_SOCKETS, ids=lambda kind: kind.__name__)
def test_aiohttp_errors_are_translated(kind: type[Exception]) -> None:
    """Each class of aiohttp's and of sockets' has a code, before the head and in the body."""
    assert isinstance(awaiting.translate(_made(kind)), FetchError | Starved)
    assert isinstance(awaiting.translate_body(_made(kind)), FetchError)


@pytest.mark.parametrize("kind", OF_REQUESTS + OF_SOCKETS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_requests_errors_are_translated(kind: type[Exception]) -> None:
    """Each class of requests', urllib3's, http.client's and of sockets' has a code, bare and wrapped."""
    error = _made(kind)
    assert isinstance(blocking.translate(error), FetchError | Starved)
    assert isinstance(blocking.translate(requests.ConnectionError(error)), FetchError | Starved)


@pytest.mark.parametrize(
    "kind", [*_classes(urllib3.exceptions, urllib3.exceptions.HTTPError), *OF_SOCKETS], ids=lambda k: k.__name__
)
def test_errors_in_a_body_are_translated(kind: type[Exception]) -> None:
    """Each class that reading a body can raise has a code."""
    assert isinstance(blocking.translate_body(_made(kind)), FetchError)


NAMES: dict[int, list[str]] = {}  # of libcurl's codes; some have several, those of the multi interface are others
for _name, _value in vars(pycurl).items():
    if _name.startswith("E_") and not re.match("E_(CALL_)?MULTI_", _name):
        NAMES.setdefault(_value, []).append(_name.removeprefix("E_"))

NEVER = re.compile(
    r"(?!FTP_WEIRD_SERVER_REPLY)(FTP|TFTP|LDAP|TELNET|RTSP|SSH|FILE)_?\w*"  # other protocols; code 8 is HTTP's as well
    "|AGAIN|ALREADY_COMPLETE|BAD_CALLING_ORDER|BAD_DOWNLOAD_RESUME|BAD_PASSWORD_ENTERED"
    "|CHUNK_FAILED|CONV_FAILED|CONV_REQD|FILESIZE_EXCEEDED|FUNCTION_NOT_FOUND|HTTP_NOT_FOUND|HTTP_PORT_FAILED"
    "|HTTP_POST_ERROR|HTTP_RANGE_ERROR|HTTP_RETURNED_ERROR|LIBRARY_NOT_FOUND|LOGIN_DENIED|MALFORMAT_USER|NOT_BUILT_IN"
    "|QUOTE_ERROR|RANGE_ERROR|READ_ERROR|REMOTE_ACCESS_DENIED|REMOTE_DISK_FULL|REMOTE_FILE_EXISTS"
    "|REMOTE_FILE_NOT_FOUND|SHARE_IN_USE|TOO_MANY_REDIRECTS|UNKNOWN_OPTION|UNKNOWN_TELNET_OPTION|UPLOAD_FAILED"
    "|URL_MALFORMAT_USER|WRITE_ERROR"
)
"""Codes that a GET over HTTP cannot end with: other protocols, what is uploaded, and what is switched off."""


@pytest.mark.parametrize("code", NAMES, ids=lambda code: NAMES[code][0])
def test_curl_codes_are_translated(code: int) -> None:
    """Each code of libcurl's that pycurl knows has one of ours, or is known never to come; then it is loud."""
    if all(map(NEVER.fullmatch, NAMES[code])):
        with pytest.raises(RuntimeError):
            curlerrors.translate(code, "said", 0, "h.example port 80")
        return
    assert isinstance(curlerrors.translate(code, "said", 0, "h.example port 80"), FetchError | Starved)
    assert isinstance(curlerrors.translate_body(code, "said"), FetchError | None)


def test_what_is_no_library_error_is_a_bug_and_stays_one() -> None:
    """An error nobody knows is raised again, not dressed up as a failure of the image."""
    for translate in (awaiting.translate, awaiting.translate_body, blocking.translate, blocking.translate_body):
        with pytest.raises(ZeroDivisionError):
            translate(ZeroDivisionError())
