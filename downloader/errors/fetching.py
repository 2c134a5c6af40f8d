"""Why one image could not be fetched, by code."""

from typing import ClassVar

from downloader.errors.roots import DownloaderError, printable


class FetchError(DownloaderError):
    """One image could not be fetched; ``detail`` says what was met, ``code`` names the kind."""

    code: ClassVar[str]
    advice: ClassVar[str]
    remedy: ClassVar[str] = ""  # the flag with which asking again makes sense
    met_host: bool = True  # whether it is a sign that the host lives

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = printable(detail)  # servers' own words may stand in it
        self.retry_after = retry_after


class Transient(FetchError):
    """Worth asking again, in this run or the next."""


class Permanent(FetchError):
    """Asking again would bring the same answer."""


class Dns(Transient):
    """The name could not be looked up just now."""

    code = "dns"
    advice = "the name server did not answer: check the network, then retry"
    met_host = False


class Unreachable(Transient):
    """No connection: refused, no route, or the network is down."""

    code = "unreachable"
    advice = "nothing answered at that address: check that the host is up, then retry"
    met_host = False


class HostDown(Transient):
    """The host was given up for this run; nothing was asked."""

    code = "host-down"
    advice = "the host gave no answer for long: retry later"
    met_host = False


class ProxyFailed(Transient):
    """The proxy cannot be reached, or will not take the request (407)."""

    code = "proxy"
    advice = "the proxy failed or wants a login: check --proxy, or the environment's https_proxy, then retry"
    met_host = False


class Reset(Transient):
    """The server closed the connection before a whole answer's head had come."""

    code = "reset"
    advice = "the server hung up: retry with fewer --per-host"


class TimedOut(Transient):
    """A limit of time passed: connecting, silence, or the whole attempt."""

    code = "timed-out"
    advice = "slow or silent host: retry, with a longer --timeout if the images are large"


class TooSlow(Transient):
    """Fewer bytes a second than ``--min-speed``."""

    code = "too-slow"
    advice = "the server sends too slowly: retry later, or lower --min-speed"


class Truncated(Transient):
    """The body ended before it was whole."""

    code = "truncated"
    advice = "the body was cut short: retry; if it stays, the file is broken on the server"


class Busy(Transient):
    """The server asks for patience (429, 503, Retry-After)."""

    code = "busy"
    advice = "the server limits you: retry later with fewer --per-host"


class ServerError(Transient):
    """The server failed (500, 502, 504, 520-529)."""

    code = "server-error"
    advice = "the server failed: retry later"


class NoSuchHost(Permanent):
    """The name does not exist."""

    code = "no-such-host"
    advice = "the host name does not exist: remove these lines, or correct the name"
    met_host = False


class NotFound(Permanent):
    """404."""

    code = "not-found"
    advice = "the image is not there (404): remove these lines"


class Gone(Permanent):
    """410."""

    code = "gone"
    advice = "the image was taken away for good (410): remove these lines"


class Forbidden(Permanent):
    """401, 403 or 451."""

    code = "forbidden"
    advice = "the server wants a login, a referer or another user agent"


class HttpStatus(Permanent):
    """Any other status that is not a whole image."""

    code = "http-status"
    advice = "an answer that carries no image: open one in a browser to see why"


class NotAnImage(Permanent):
    """The bytes are of no image format."""

    code = "not-an-image"
    advice = "a page or text came instead of an image: open one in a browser, or use --accept any"
    remedy = "--accept any"


class Empty(Permanent):
    """A good status with no bytes."""

    code = "empty"
    advice = "the server sent nothing: the file is empty there"


class HashMismatch(Permanent):
    """The body is whole, and not the one whose digest the list names."""

    code = "hash-mismatch"
    advice = "other bytes than the list's hash says: correct the hash, or take them as they are with --hash-col ''"

    @classmethod
    def unreadable(cls, value: str) -> "HashMismatch":
        """Give the error for a digest that no bytes can have: the line fails before its host is asked."""
        error = cls(f"{value[:80]!r} is no hash: write 64 hexadecimal digits for sha256, or 32 for md5")
        error.met_host = False
        return error


class TooLarge(Permanent):
    """More bytes than ``--max-bytes``, on the wire or decoded."""

    code = "too-large"
    advice = "raise --max-bytes if you want images of this size"
    remedy = "--max-bytes 1G"


class BadUrl(Permanent):
    """Not a URL this tool may fetch."""

    code = "bad-url"
    advice = "correct these lines: only http and https URLs can be fetched"
    met_host = False


class PrivateAddress(Permanent):
    """The host resolves to an address outside the public internet."""

    code = "private-address"
    advice = "name the hosts you trust with --allow-host HOST[:PORT], or use --allow-private"
    remedy = "--allow-private"
    met_host = False


class BadReply(Permanent):
    """The answer breaks HTTP's rules."""

    code = "bad-reply"
    advice = "the server does not speak proper HTTP"


class TooManyRedirects(Permanent):
    """More hops than ``--max-redirects``."""

    code = "too-many-redirects"
    advice = "the server sends in circles: open one in a browser"
    remedy = "--max-redirects 30"


class Tls(Permanent):
    """The certificate is not to be trusted, or no common protocol was found."""

    code = "tls"
    advice = "TLS failed: is it http://? else correct the host name, or give your own authority with --ca-file"
    remedy = "--ca-file FILE"


class Missing(Transient):
    """Found by an audit: the file is no longer where the manifest says."""

    code = "missing"
    advice = "the file was moved or deleted: retry to fetch it anew"


class Damaged(Transient):
    """Found by an audit: the file is not the one that was saved."""

    code = "damaged"
    advice = "the file was changed after it was saved: retry to fetch it anew"
