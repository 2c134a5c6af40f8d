"""What can go wrong, as a tree.

DownloaderError
├── UsageError      a setting or a part that does not exist             exit 2
├── InputError      the list cannot be read, or is empty                exit 7
├── OutputError     disk full, no permission: ends the job              exit 6
├── Starved         no descriptor or thread just now: the task goes back, nothing was asked
├── Filtered        one image, refused by the user's own rule; becomes ``Skipped``
├── ProcessError    one image whose bytes came but cannot be worked on; becomes ``Failed``
└── FetchError      one image; never ends a job, becomes ``Failed``
    ├── Transient   worth asking again
    └── Permanent   the answer will not change by asking

The branch decides behaviour: ``isinstance(error, Transient)`` is the whole retry test. The leaf carries the
``code`` that stands in the manifest, and the advice a person reads beside it.
"""

from typing import ClassVar, TypeAlias


def printable(text: str) -> str:
    """Give a text from outside as one line in which nothing moves a terminal's cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


class DownloaderError(Exception):
    """Anything this package raises on purpose; its text is one line made for people."""

    exit_status: ClassVar[int] = 1


class UsageError(DownloaderError):
    """A bad setting, an unknown part, or a folder that is not ours to use."""

    exit_status = 2


class InputError(DownloaderError):
    """The list of URLs cannot be read, or holds none."""

    exit_status = 7


class OutputError(DownloaderError):
    """The machine cannot take the images: disk full, no permission. Ends the job with the manifest true."""

    exit_status = 6


class Starved(DownloaderError):
    """The machine is out of descriptors or threads for a moment: no attempt was made, the task goes back."""


class FetchError(DownloaderError):
    """One image could not be fetched; ``detail`` says what was met, ``code`` names the kind."""

    code: ClassVar[str]
    advice: ClassVar[str]
    remedy: ClassVar[str] = ""  # the flag with which asking again makes sense
    met_host: ClassVar[bool] = True  # whether it is a sign that the host lives

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


class Filtered(DownloaderError):
    """The user's own rule refuses this image; its text is the reason. Another run does not ask again."""

    code: ClassVar[str] = "filtered"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = printable(detail)


class ProcessError(DownloaderError):
    """The bytes of one image came whole and cannot be worked on. Asking again by itself would change nothing."""

    code: ClassVar[str]
    advice: ClassVar[str]
    remedy: ClassVar[str] = ""  # the flag with which asking again makes sense

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = printable(detail)  # decoders quote the bytes they stumble over


class Undecodable(ProcessError):
    """No decoder makes pixels of these bytes."""

    code = "undecodable"
    advice = "the file is broken, or of a kind that cannot be decoded here: open one in a viewer to see"


class TruncatedImage(ProcessError):
    """The bytes end before the pixels do."""

    code = "truncated-image"
    advice = "the picture is cut short though the transfer was whole: the file is broken on the server"


class DecoderCrashed(ProcessError):
    """The worker process died over this image, twice."""

    code = "decoder-crashed"
    advice = "the image kills its decoder: update Pillow, and keep the file as a sample if that changes nothing"


class DecoderTimeout(ProcessError):
    """The image took longer than ``--process-timeout``."""

    code = "decoder-timeout"
    advice = "the image takes too long to work on: allow more with --process-timeout"
    remedy = "--process-timeout 60"


class DecoderMemory(ProcessError):
    """The image needs more memory than ``--worker-memory``."""

    code = "decoder-memory"
    advice = "the image needs too much memory: allow more with --worker-memory, or refuse it with --max-pixels"
    remedy = "--worker-memory 2G"


ImageError: TypeAlias = FetchError | ProcessError
"""What becomes of an image as ``Failed``: it has a code, advice and perhaps a remedy."""


def _leaves(kind: type[ImageError]) -> list[type[ImageError]]:
    return [leaf for child in kind.__subclasses__() for leaf in ([child] if "code" in vars(child) else _leaves(child))]


BY_CODE: dict[str, type[ImageError]] = {
    leaf.code: leaf for kind in (FetchError, ProcessError) for leaf in _leaves(kind)
}


def is_transient(code: str) -> bool:
    """Tell whether a failure of this code is worth another run."""
    return issubclass(BY_CODE.get(code, Permanent), Transient)


def advice(code: str) -> str:
    """Say what a person can do about failures of this code."""
    kind = BY_CODE.get(code)
    return kind.advice if kind else ""


def remedy(code: str) -> str:
    """Give the flag with which failures of this code are worth asking again; empty for none."""
    kind = BY_CODE.get(code)
    return kind.remedy if kind else ""
