"""libcurl's error codes, translated into ours at the edge: most specific first, each code named once."""

import errno
import os
from collections.abc import Callable

import pycurl

from downloader.engines.dial import os_error
from downloader.errors import (
    BadReply,
    BadUrl,
    Dns,
    FetchError,
    ProxyFailed,
    Reset,
    Starved,
    TimedOut,
    Tls,
    Unreachable,
)

# Codes that pycurl has no name for (curl/curl.h).
HTTP2_STREAM = 92
HTTP3 = 95
QUIC = 96
PROXY = 97
SSL_CLIENTCERT = 98
UNRECOVERABLE_POLL = 99
TOO_LARGE = 100
ECH_REQUIRED = 101

LOST = frozenset((
    pycurl.E_GOT_NOTHING, pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_PARTIAL_FILE, pycurl.E_HTTP2,
    pycurl.E_SEND_FAIL_REWIND, HTTP2_STREAM, HTTP3, QUIC,
))  # fmt: skip
"""The connection was lost, or the stream in it."""

UNTRUSTED = frozenset((
    pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT, pycurl.E_SSL_ISSUER_ERROR, pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_PINNEDPUBKEYNOTMATCH, pycurl.E_SSL_INVALIDCERTSTATUS, pycurl.E_SSL_CRL_BADFILE,
    pycurl.E_SSL_CACERT_BADFILE, SSL_CLIENTCERT,
))  # fmt: skip
"""Who answers is not to be trusted."""

TLS = frozenset((
    pycurl.E_SSL_CONNECT_ERROR, pycurl.E_SSL_CIPHER, pycurl.E_SSL_SHUTDOWN_FAILED, pycurl.E_SSL_ENGINE_INITFAILED,
    pycurl.E_SSL_ENGINE_NOTFOUND, pycurl.E_SSL_ENGINE_SETFAILED, pycurl.E_USE_SSL_FAILED, ECH_REQUIRED,
))  # fmt: skip
"""No TLS came about."""

MALFORMED = frozenset((
    pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY, pycurl.E_BAD_CONTENT_ENCODING,
    pycurl.E_BAD_FUNCTION_ARGUMENT, TOO_LARGE,
))  # fmt: skip
"""The answer breaks HTTP's rules. 8 is CURLE_WEIRD_SERVER_REPLY, which pycurl knows by its name of old; 43 is what
libcurl calls a header line of a tunnel without a colon."""

UNCONNECTED = frozenset((pycurl.E_COULDNT_CONNECT, pycurl.E_INTERFACE_FAILED, pycurl.E_NO_CONNECTION_AVAILABLE))
"""No connection."""

SHORT = frozenset((pycurl.E_OUT_OF_MEMORY, pycurl.E_FAILED_INIT, UNRECOVERABLE_POLL))
"""The machine has too little of something."""

_STARVED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_HUNG_UP = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)

# What Python's ssl calls SSLEOFError and SSLZeroReturnError: the server hung up in the handshake.
_EOF = ("unexpected eof", "SSL_ERROR_SYSCALL", "SSL_ERROR_ZERO_RETURN", "Connection reset", "Broken pipe", "errno 104")


def translate(code: int, said: str, number: int, where: str) -> FetchError | Starved:
    """Translate what comes before the answer's head is whole; a code that cannot come raises RuntimeError, as a bug.

    ``said`` is libcurl's own text, ``number`` the system's errno or 0, ``where`` is "host port 80".
    """
    if number in _STARVED:
        return os_error(OSError(number, os.strerror(number)), f"connecting to {where}")
    if code not in _BEFORE_HEAD:
        raise RuntimeError(f"libcurl ended with code {code}, which nobody expects: {said}")
    return _BEFORE_HEAD[code](said[:160], number, where)


def _unconnected(said: str, number: int, where: str) -> FetchError | Starved:
    doing = f"connecting to {where}"
    return os_error(OSError(number, os.strerror(number)), doing) if number else Unreachable(f"{said} while {doing}")


def _no_tls(said: str, number: int, _: str) -> FetchError:
    hung_up = number in _HUNG_UP or any(word in said for word in _EOF)
    return Reset("the server hung up while opening TLS") if hung_up else Tls(f"TLS failed while opening: {said}")


def _hung_up(said: str, *_: object) -> FetchError:
    # What libcurl says of a head that is too long comes under the code of a lost connection.
    long = "too large" in said.lower() or "Too many response headers" in said
    return _malformed(said) if long else Reset("the server hung up while waiting for the answer")


def _malformed(said: str, *_: object) -> FetchError:
    return BadReply(f"the answer's head is malformed: {said}")


_BEFORE_HEAD: dict[int, Callable[[str, int, str], FetchError | Starved]] = {
    pycurl.E_OK: _hung_up,  # in the middle of the head, which libcurl takes for its end
    pycurl.E_OPERATION_TIMEDOUT: lambda *_: TimedOut("too slow before the answer came"),
    pycurl.E_COULDNT_RESOLVE_HOST: lambda said, *_: Dns(f"a name that was not looked up: {said}"),
    pycurl.E_ABORTED_BY_CALLBACK: lambda *_: Dns("a name that was not looked up"),  # newer ones say it so
    pycurl.E_COULDNT_RESOLVE_PROXY: lambda said, *_: ProxyFailed(said),
    PROXY: lambda said, *_: ProxyFailed(said),
    pycurl.E_URL_MALFORMAT: lambda said, *_: BadUrl(f"libcurl cannot read it: {said}"),
    **dict.fromkeys(UNCONNECTED, _unconnected),
    **dict.fromkeys(UNTRUSTED, lambda said, *_: Tls(f"the certificate is not trusted: {said}")),
    **dict.fromkeys(TLS, _no_tls),
    **dict.fromkeys(LOST, _hung_up),
    **dict.fromkeys(MALFORMED, _malformed),
    **dict.fromkeys(SHORT, lambda said, *_: Starved(f"out of memory: {said}")),
}


def translate_body(code: int, said: str) -> FetchError | None:
    """Translate what breaks off a body; None for a connection that was lost, which the exchange judges."""
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return TimedOut("too slow while reading the body")
    if code in MALFORMED:
        return BadReply(f"the body is malformed: {said[:160]}")
    if code not in _BEFORE_HEAD:
        raise RuntimeError(f"libcurl ended a body with code {code}, which nobody expects: {said}")
    return None
