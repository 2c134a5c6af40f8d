"""Small files over TLS: what encryption adds to ours and to curl. The server speaks HTTP/2 and HTTP/1.1."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from harness import nginx, report
from harness.bars import Bar
from harness.contest import Contest
from harness.ours import ours
from harness.peers import PEERS
from harness.smallfiles import Small, Whole
from harness.stage import Stage, Told
from harness.turns import Course, Tool

TITLE = "Small files over https, 64 jobs"

ROOM = 6
"""GiB that its runs fill in a whole benchmark: nothing is deleted before the end."""

OURS = ("ours-curl", "ours-curl-x2", "ours-async")

FORMS = {"curl": (), "curl-http1.1": ("--http1.1",)}
"""curl by itself takes HTTP/2 and few connections; which is faster depends on who asks."""

LENGTH = (10_000, 2_000)
"""Of the list in a whole benchmark and in a quick one."""


def bench(stage: Stage) -> Told:
    """Run all in turn."""
    corpus = Small()
    folder = corpus.folder(stage.cache)
    authority = stage.folder / "authority.pem"
    contest, proof = Contest(), Whole.of(folder)
    with nginx.serving(folder, authority) as server:
        urls = [server.address + corpus.path(number) for number in range(stage.length(*LENGTH))]
        tools = contest.gather(_makers(stage, authority).items())
        course, start = Course(f"{len(urls):,} images", urls, proof), Course("start-up", urls[:1], proof)
        contest.hold(stage.track("https", server), start, [(tool, course) for tool in tools], stage.rounds)
    bars = [Bar(name, form) for name in stage.asked(OURS) for form in stage.asked(FORMS)]
    return Told(f"{report.rates(contest)}\n\n{report.ratios(contest, bars)}", report.entries(contest))


def _makers(stage: Stage, authority: Path) -> dict[str, Callable[[], Tool]]:
    curl = next(peer for peer in PEERS if peer.name == "curl")
    trust = ("--cacert", str(authority))
    own = {name: partial(ours, stage.downloader, name, "--ca-file", str(authority)) for name in stage.asked(OURS)}
    peers = {name: partial(curl.tool, stage.cache, 0, *trust, *FORMS[name], name=name) for name in stage.asked(FORMS)}
    return own | peers
