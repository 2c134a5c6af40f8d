"""Runs that were never run: outcomes by the thousand, and lists that would break out of a report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from downloader.model import Committed, Effort, Failed, Image, Outcome, Saved, Skipped, Task
from downloader.recap.collector import Collector
from downloader.recap.record import Bin, Counts, Course, Ending, Recap
from downloader.settings import Settings

HOSTILE = (
    "http://x/<script>alert(1)</script>",
    'http://x/"><img src=x onerror=alert(1)>',
    "http://x/`|`| [a](javascript:alert(1)) ![b](http://y/z.png) <b>",
    "http://x/](http://evil/) **bold** \\`\\| &lt;i&gt;",
    "http://x/\x1b[2J\r\n# Heading\n| a | b |\n```\n\u202egpj.exe",
    "http://user:secret@x/y.jpg",
)

CODES = ("not-found", "timed-out", "server-error", "bad-url")


def outcome(index: int, url: str = "", host: str = "", detail: str = "told") -> Outcome:
    """Make an outcome: of each eight five saved, two failed, one a twin."""
    task = Task(index, url or f"http://h{index % 40}/{index}.jpg", host or f"h{index % 40}:80")
    effort = Effort(1 + index % 2, 0.05 + 0.001 * (index % 100), 1.0, 0.0)
    if index % 8 in (2, 5):
        return Failed(task, CODES[index // 8 % len(CODES)], detail, effort)
    if index % 8 == 7:
        return Skipped(task, "duplicate", "the same URL as index 0", "a.jpg")
    return Saved(task, f"{index:06d}.jpg", Image(1000 + index % 7, "0" * 64, "jpeg", task.url), effort)


def batches(count: int) -> Iterator[Sequence[Outcome]]:
    """Give outcomes as they are committed."""
    for start in range(0, count, 1000):
        yield [outcome(index) for index in range(start, min(start + 1000, count))]


def ending(**changes: object) -> Ending:
    """Give how a run ended."""
    usual = Ending(
        ["saved 8 of 12, skipped 1, failed 3"], 4, "downloader retry images", Counts(8, 1, {"dns": 3}), 2, 12
    )
    return replace(usual, **changes)


def recap(outcomes: Sequence[Outcome], **changes: object) -> Recap:
    """Give the recap of a run with these outcomes."""
    collector = Collector()
    collector(Committed(outcomes))
    return replace(collector.recap(ending(), Settings.of(jobs=8), {"h1:80": "4 at once"}), **changes)


def hostile() -> Recap:
    """Give the recap of a run whose list, hosts and servers want to break out of the report."""
    made = [outcome(8 * number + 2, url, url, url) for number, url in enumerate(HOSTILE)]
    made += [outcome(8 * number, url, url, url) for number, url in enumerate(HOSTILE)]
    collector = Collector()
    collector(Committed(made))
    learnt = dict.fromkeys(HOSTILE, HOSTILE[2])
    told = ending(verdict=[HOSTILE[0], HOSTILE[2]], next=f"downloader retry '{HOSTILE[2]}'")
    return collector.recap(told, Settings.of(output=HOSTILE[1]), learnt)


def busy() -> Recap:
    """Give the recap of a long run with a rise, a fall, and failures in its middle."""
    bins = [
        Bin(images := 400 + 300 * (place % 40) // 40, 90 if 100 < place < 130 else 0, images * 20_000)
        for place in range(230)
    ]
    made = [each for batch in batches(4000) for each in batch]
    return recap(made, course=Course(16.0, bins), seconds=3675.0)
