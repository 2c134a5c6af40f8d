"""Every misbehaviour of a server, judged alike by every engine: the same code, attempts and bytes."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from downloader import Outcome, Saved, download
from downloader.registry import ENGINES
from tests.contract.conftest import HASTY, QUICK, by_url
from tests.support.hostile import JPEG, SCRIPTS, HostileServer

Case: TypeAlias = tuple[str, str | None, int]  # path, code or None for saved, attempts with one retry

SAVED: list[Case] = [
    ("/good.jpg", None, 1),
    ("/chunked.jpg", None, 1),
    ("/chunked-extras.jpg", None, 1),
    ("/close-whole.jpg", None, 1),
    ("/lines-200.jpg", None, 1),
    ("/http-1.0.jpg", None, 1),
    ("/http-1.0-length.jpg", None, 1),
    ("/coding-blank.jpg", None, 1),
    ("/close-reset.jpg", None, 1),
    ("/gzip.jpg", None, 1),
    ("/gzip-members.jpg", None, 1),
    ("/deflate.jpg", None, 1),
    ("/raw-deflate.jpg", None, 1),
    ("/interim.jpg", None, 1),
    ("/chain/3", None, 1),
    ("/deep/er/relative", None, 1),
    ("/to-utf-8", None, 1),
    ("/redirect-with-body", None, 1),
    ("/redirect-endless-body", None, 1),
    ("/429-once.jpg", None, 2),
    ("/503-date.jpg", None, 2),
    ("/500-once.jpg", None, 2),
    ("/cut-once.jpg", None, 2),
]

FAILED: list[Case] = [
    ("/reset-in-body.jpg", "truncated", 2),
    ("/close-cut.jpg", "truncated", 2),
    ("/chunked-cut.jpg", "truncated", 2),
    ("/chunked-no-end.jpg", "truncated", 2),
    ("/gzip-cut.jpg", "truncated", 2),
    ("/length-too-long.jpg", "truncated", 2),
    ("/endless.jpg", "too-large", 1),
    ("/endless-chunked.jpg", "too-large", 1),
    ("/gzip-bomb.jpg", "too-large", 1),
    ("/deflate-bomb.jpg", "too-large", 1),
    ("/huge-announced.jpg", "too-large", 1),
    ("/endless-headers.jpg", "bad-reply", 1),
    ("/endless-line.jpg", "bad-reply", 1),
    ("/huge-header.jpg", "bad-reply", 1),
    ("/lines-201.jpg", "bad-reply", 1),
    ("/lines-1000.jpg", "bad-reply", 1),
    ("/same-lengths.jpg", "bad-reply", 1),
    ("/two-lengths.jpg", "bad-reply", 1),
    ("/length-too-short.jpg", "bad-reply", 1),
    ("/length-negative.jpg", "bad-reply", 1),
    ("/length-word.jpg", "bad-reply", 1),
    ("/length-plus.jpg", "bad-reply", 1),
    ("/length-and-chunked.jpg", "bad-reply", 1),
    ("/chunk-size-word.jpg", "bad-reply", 1),
    ("/chunk-size-negative.jpg", "bad-reply", 1),
    ("/chunk-no-crlf.jpg", "bad-reply", 1),
    ("/brotli.jpg", "bad-reply", 1),
    ("/gzip-corrupt.jpg", "bad-reply", 1),
    ("/not-gzip.jpg", "bad-reply", 1),
    ("/nul-in-header.jpg", "bad-reply", 1),
    ("/garbage.jpg", "bad-reply", 1),
    ("/no-head.jpg", "bad-reply", 1),
    ("/http-2.0.jpg", "bad-reply", 1),
    ("/http-1.2.jpg", "bad-reply", 1),
    ("/status-plus.jpg", "bad-reply", 1),
    ("/odd-name.jpg", "bad-reply", 1),
    ("/chunk-lf.jpg", "bad-reply", 1),
    ("/chunk-cut-size.jpg", "truncated", 2),
    ("/trailer-cut.jpg", "truncated", 2),
    ("/coding-gzip-chunked.jpg", "bad-reply", 1),
    ("/to-nowhere", "bad-reply", 1),
    ("/loop", "too-many-redirects", 1),
    ("/loop-a", "too-many-redirects", 1),
    ("/chain/20", "too-many-redirects", 1),
    ("/to-file", "bad-url", 1),
    ("/to-data", "bad-url", 1),
    ("/to-bad-url", "bad-url", 1),
    ("/to-metadata", "private-address", 1),
    ("/204.jpg", "http-status", 1),
    ("/206.jpg", "http-status", 1),
    ("/304.jpg", "http-status", 1),
    ("/400.jpg", "http-status", 1),
    ("/418.jpg", "http-status", 1),
    ("/401.jpg", "forbidden", 1),
    ("/403.jpg", "forbidden", 1),
    ("/404.jpg", "not-found", 1),
    ("/404-image.jpg", "not-found", 1),
    ("/410.jpg", "gone", 1),
    ("/500.jpg", "server-error", 2),
    ("/500-twice.jpg", "server-error", 2),
    ("/502.jpg", "server-error", 2),
    ("/503.jpg", "busy", 2),
    ("/429-long.jpg", "busy", 1),
    ("/page.jpg", "not-an-image", 1),
    ("/data.json", "not-an-image", 1),
    ("/empty.jpg", "empty", 1),
    ("/empty-chunked.jpg", "empty", 1),
    ("/empty-close.jpg", "empty", 1),
]

TIMED: list[Case] = [
    ("/drip.jpg", "timed-out", 2),
    ("/drip-head.jpg", "timed-out", 2),
    ("/drip-chunks.jpg", "timed-out", 2),
    ("/stall.jpg", "timed-out", 2),
    ("/stall-head.jpg", "timed-out", 2),
    ("/silence.jpg", "timed-out", 2),
    ("/endless-interim.jpg", "timed-out", 2),
    ("/stall-once.jpg", None, 2),
]

ALONE: list[Case] = [  # what a kept connection's silent re-send would hide
    ("/reset-before-head.jpg", "reset", 2),
    ("/close-before-head.jpg", "reset", 2),
    ("/reset-in-head.jpg", "reset", 2),
    ("/close-in-head.jpg", "reset", 2),
    ("/status-cut.jpg", "reset", 2),
    ("/reset-once.jpg", None, 2),
]


@pytest.fixture(scope="module", params=ENGINES)
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """Give, for each engine, the outcomes of jobs over all the paths."""
    folder = tmp_path_factory.mktemp("replies")
    with ExitStack() as servers:
        one = servers.enter_context(HostileServer(SCRIPTS))
        urls = {path: one.url(path) for path, _, _ in SAVED + FAILED}
        found = by_url(download(urls.values(), folder, **QUICK | {"engine": request.param}))
        # Each of these has a host of its own: together they would be taken for a dead one.
        own = {path: servers.enter_context(HostileServer(SCRIPTS)).url(path) for path, _, _ in TIMED}
        found |= by_url(download(own.values(), folder, **HASTY | {"engine": request.param}))
        yield {path: found[url] for path, url in (urls | own).items()}


@pytest.mark.parametrize(("path", "code", "attempts"), SAVED + FAILED + TIMED)
def test_each_reply_is_judged_alike(outcomes: dict[str, Outcome], path: str, code: str | None, attempts: int) -> None:
    """Code, attempts and bytes are the same from every engine."""
    outcome = outcomes[path]
    assert (outcome.code, outcome.effort.attempts) == (code, attempts), outcome.detail
    assert isinstance(outcome, Saved) == (code is None)
    if isinstance(outcome, Saved):
        assert (outcome.image.size, outcome.image.sha256) == (len(JPEG), hashlib.sha256(JPEG).hexdigest())


@pytest.mark.parametrize(("path", "code", "attempts"), ALONE)
def test_hanging_up_before_the_answer_is_a_reset(
    fetch, hostile: HostileServer, path: str, code: str | None, attempts: int
) -> None:
    """On a fresh connection each request is an attempt: nobody re-sends behind our back."""
    [outcome] = fetch([hostile.url(path)]).values()
    assert (outcome.code, outcome.effort.attempts, hostile.hits[path]) == (code, attempts, attempts)


def test_details_are_one_printable_line(outcomes: dict[str, Outcome]) -> None:
    """A server's own words cannot break lines or move the cursor of a terminal."""
    details = [outcome.detail for outcome in outcomes.values() if outcome.detail]
    assert details
    assert [detail for detail in details if not detail.isprintable()] == []


def test_nothing_but_images_and_the_ledger_is_left(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """A failure leaves no file: not under the final name, and no part."""
    paths = ["/length-too-long.jpg", "/gzip-bomb.jpg", "/endless.jpg", "/page.jpg", "/good.jpg"]
    download(map(hostile.url, paths), tmp_path, **QUICK | {"engine": engine})
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    ours = [name for name in left if not name.startswith(".downloader/") or ".part" in name]
    assert ours == ["000004.jpg", "failed.jsonl"]
