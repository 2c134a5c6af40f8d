"""A client of the service, for programs: hands a list in, and looks at what becomes of it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Self
from urllib.parse import urlsplit

import requests

from downloader.errors import DownloaderError, UsageError, printable

PATH = "/api/v1/jobs"

PATIENCE = 30.0
"""Longest wait for one answer: a list is taken in while it is sent, and nothing else takes the service long."""

PAUSE = 0.5
"""Seconds between two questions."""

TRY_AGAIN = frozenset((429, 502, 503, 504, 507))
"""Answers that say nothing against the request: full, ending, behind a gateway that does not reach it."""

STRANGER = "what answers there is no service of this kind: check the address"


class Unavailable(DownloaderError):
    """Nothing answers there, or what answers has no room: the same may work later."""

    exit_status = 5


@dataclass(frozen=True, slots=True)
class Order:
    """A job to be made: its list as packed JSON lines, options as the API writes them, and a key that makes it one."""

    list: IO[bytes]
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    key: str = ""


class Client:
    """Talks to the service at an address; a context manager. Each call raises Unavailable, or UsageError that says why.

    ``authorities`` is a file of certificates to trust; ``patience`` is for how many seconds a service that does not
    answer is asked again.
    """

    def __init__(self, address: str, authorities: str | None, patience: float) -> None:
        self.address = _checked(address)
        self._patience = patience
        self._session = requests.Session()
        self._session.trust_env = False  # a token must meet no proxy, and no login of ~/.netrc must replace it
        self._session.verify = authorities or True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def reach(self) -> None:
        """Wait until the service answers; raises UsageError where it is another program that does."""
        if "status" not in _read(self._answered(lambda: self._ask("GET", "/healthz"))):
            raise UsageError(STRANGER)

    def enter(self, token: str | None) -> None:
        """Take the token that goes with every question from here on."""
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def submit(self, order: Order) -> dict[str, Any]:
        """Make a job; gives it as the API does."""
        form = {"options": json.dumps(dict(order.options)), "name": order.name}
        headers = {"Idempotency-Key": order.key} if order.key else {}

        def send() -> requests.Response:
            order.list.seek(0)
            return self._ask("POST", PATH, files={"file": ("list.jsonl.gz", order.list)}, data=form, headers=headers)

        # Without a key it is not sent again: of an answer that was lost the job may be there already.
        return _read(self._answered(send) if order.key else send())

    def states(self, job: str) -> Iterator[dict[str, Any]]:
        """Give the job again and again, until it has ended."""
        while True:
            found = _read(self._answered(lambda: self._ask("GET", f"{PATH}/{job}")))
            yield found
            if found["ended"] is not None:
                return
            time.sleep(PAUSE)

    def page(self, job: str) -> str:
        """Give the address at which people see a job."""
        return f"{self.address}/#/jobs/{job}"

    def _answered(self, ask: Callable[[], requests.Response]) -> requests.Response:
        """Ask until there is an answer, or patience is over."""
        give_up = time.monotonic() + self._patience
        while True:
            try:
                return ask()
            except Unavailable:
                if time.monotonic() > give_up:
                    raise
                time.sleep(PAUSE)

    def _ask(self, method: str, path: str, **how: Any) -> requests.Response:
        try:
            reply = self._session.request(method, self.address + path, timeout=PATIENCE, allow_redirects=False, **how)
        except requests.RequestException as error:
            raise Unavailable(f"nothing answers at {self.address}: {_reason(error)}") from error
        if reply.status_code in TRY_AGAIN:
            raise Unavailable(f"the service has no room: {_said(reply)}")
        return reply


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
        good = good and parts.username is None and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"{address!r} is no address of a service: write it like http://127.0.0.1:8080")
    return address.rstrip("/")


def _reason(error: requests.RequestException) -> str:
    """Give the innermost cause: around it the libraries repeat address and path."""
    inner: BaseException = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    return printable(getattr(inner, "strerror", None) or str(inner) or type(inner).__name__)


def _read(reply: requests.Response) -> dict[str, Any]:
    if reply.status_code >= 400:
        raise UsageError(f"the service refuses: {_said(reply)}")
    try:
        return dict(reply.json())
    except (ValueError, TypeError) as error:
        raise UsageError(STRANGER) from error


def _said(reply: requests.Response) -> str:
    """Give what a problem document says, or what there is where another program answers."""
    try:
        return printable(str(reply.json()["detail"]))
    except (ValueError, TypeError, KeyError):
        return f"status {reply.status_code} {printable(reply.reason or '')}".rstrip()
