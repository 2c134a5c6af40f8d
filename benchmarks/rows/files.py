"""Small files into a folder: how many a second, of whom, at what cost."""

from harness import nginx, report
from harness.bars import Bar
from harness.contest import Contest
from harness.smallfiles import Small, Whole
from harness.stage import Stage, Told, courses
from harness.turns import Course

TITLE = "Small files to a folder, 64 jobs"

ROOM = 26
"""GiB that its runs fill in a whole benchmark: nothing is deleted before the end."""

FAST = {"ours-curl", "ours-curl-x2", "curl", "wget2"}
"""They get the long list: the others would take minutes for it, and fill the disk."""

NAMES = (
    *("ours-curl", "ours-curl-x2", "curl", "wget2"),
    *("aria2c", "aria2c-tuned", "parfive", "img2dataset"),
    *("ours-async", "bare-aiohttp", "ours-thread", "bare-threads"),
)

BARS = (
    Bar("ours-curl", "curl", 0.65),
    Bar("ours-curl-x2", "curl", 1.1),
    Bar("ours-curl-x2", "wget2", 2.5),
    Bar("ours-curl-x2", "aria2c", 10),
    Bar("ours-curl-x2", "aria2c-tuned", 5),
    Bar("ours-curl-x2", "parfive", 7),
    Bar("ours-curl-x2", "img2dataset", 5),
    Bar("ours-async", "bare-aiohttp", 0.8),
    Bar("ours-thread", "bare-threads", 1.3),
)

LONG, SHORT = (40_000, 4_000), (10_000, 1_000)
"""Lengths of the lists of the fast and of the others, in a whole benchmark and in a quick one."""


def bench(stage: Stage) -> Told:
    """Run all in turn."""
    corpus = Small()
    folder = corpus.folder(stage.cache)
    images = {name: stage.length(*(LONG if name in FAST else SHORT)) for name in NAMES}
    contest, proof = Contest(), Whole.of(folder)
    with nginx.serving(folder) as server:
        urls = [server.address + corpus.path(number) for number in range(max(images.values()))]
        tools = stage.tools(contest, NAMES, images)
        of_length = courses(urls, proof, images.values())
        entries = [(tool, of_length[images[tool.name]]) for tool in tools]
        contest.hold(stage.track("files", server), Course("start-up", urls[:1], proof), entries, stage.rounds)
    bars = [bar for bar in BARS if bar.ours in stage.asked(NAMES) and bar.other in stage.asked(NAMES)]
    return Told(f"{report.rates(contest)}\n\n{report.ratios(contest, bars)}", report.entries(contest))
