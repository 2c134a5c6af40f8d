"""The way of images past --dedupe, without engine and workers: they come in any order, stop, and go on."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downloader.feeder import Unfinished
from downloader.job import ask_transient
from downloader.manifest import Manifest
from downloader.manifest.reservations import reservations
from downloader.model import Effort, Fetched, Image, Line, Payload, Task, Work
from downloader.policy.likeness import Likeness
from downloader.postprocess.dedupe import Dedupe
from downloader.settings import Output
from downloader.sinks.folder import FolderSink
from downloader.tally import Tally
from tests.doors.running import files, rows

THUMBNAIL = ".thumb.webp"


@dataclass(frozen=True, slots=True)
class Picture:
    """What stands behind one URL."""

    url: str
    dhash: int
    body: bytes
    thumbnail: bool = False

    def fetched(self, task: Task, parts: Path) -> Fetched:
        """Give it as it comes from the workers, its bytes in a part where they are long."""
        sha256 = hashlib.sha256(self.body).hexdigest()
        steps = ("fingerprint", "thumbnail") if self.thumbnail else ("fingerprint",)
        work = Work(sha256, 8, 6, 8, 6, steps, {"dhash": f"{self.dhash:016x}"})
        image = Image(
            len(self.body),
            sha256,
            {"jpg": "jpeg", "png": "png"}[self.url[-3:]],
            self.url + "#final",
            200,
            '"tag"',
            None,
            work,
        )
        body: bytes | Path = self.body
        if len(body) > 20:
            body = parts / f"{task.index}.part"
            body.write_bytes(self.body)
        extras = {THUMBNAIL: b"small " + self.body[:2]} if self.thumbnail else {}
        return Fetched(task, Payload(image, body, extras), Effort(1 + task.index, 0.25, 1.0, 2.0))


class _Lines:
    """Lines that are all there, a list in the place of the feeder."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._lines = [Line(url, f"item {number}", {"label": str(number)}) for number, url in enumerate(urls)]

    @property
    def ended(self) -> bool:
        return not self._lines

    waiting = True

    def take(self, most: int) -> Sequence[Line]:
        taken, self._lines = self._lines[:most], self._lines[most:]
        return taken


class Way:
    """An output folder, and runs into it; after each the counts must be those of the manifest."""

    def __init__(self, home: Path, how: str, name: str = "{index:06d}") -> None:
        self.path = home
        self.how = how
        self.name = name
        self._own = home / ".downloader"

    def run(self, pictures: Sequence[Picture], order: Sequence[int], *, read: int = 1000, stop: int = 1000) -> None:
        """Run a list of pictures: those not known come in the order of ``order``, in batches of one to three.

        ``read`` lines are read before the first image comes, the others when those are done; the run ends after
        ``stop`` images.
        """
        tally = Tally(self.path)
        with Manifest(self.path) as manifest:
            lines = _Lines([picture.url for picture in pictures])
            output = Output(name=self.name)
            reserve = reservations(output, manifest.claims, self.path, lambda _: None)
            supply = Unfinished(lines, manifest, ask_transient, tally.known, reserve)
            batches = self._batches(supply, {p.url: p for p in pictures}, order, read, stop)
            parts = self._own / "parts"
            parts.mkdir(exist_ok=True)
            with ExitStack() as stack:
                sink: Any = FolderSink(self.path, parts, output, manifest.claims)
                if self.how:
                    likeness = Likeness.of(self.how)
                    index = stack.enter_context(closing(manifest.lookalikes(likeness)))
                    sink = Dedupe(sink, likeness, index, manifest.recall)
                for outcomes in stack.enter_context(closing(manifest.record(sink.store(batches)))):
                    tally.add(outcomes)
            assert list(parts.iterdir()) == []
        assert tally.lines == len(found := rows(self.path))
        assert +tally.statuses == Counter(row["status"] for row in found)

    def _batches(
        self, supply: Unfinished, pictures: dict[str, Picture], order: Sequence[int], read: int, stop: int
    ) -> Iterator[Sequence[Fetched]]:
        came = 0
        while not supply.list_ended:
            tasks = [ticket.task for ticket in supply.pull(read, 0.0)]
            tasks.sort(key=lambda task: order.index(task.index))
            while tasks and came < stop:
                size = min(1 + came % 3, stop - came)
                batch, tasks = tasks[:size], tasks[size:]
                came += size
                yield [pictures[task.url].fetched(task, self._own / "parts") for task in batch]
            yield ()
            read = 1000

    def killed(self, pictures: Sequence[Picture], order: Sequence[int], *, stop: int) -> None:
        """Leave what a run leaves that is killed after ``stop`` images, before its first commit: files, but no rows."""
        before = self.path.with_name(f"{self.path.name}-before")
        shutil.rmtree(before, ignore_errors=True)
        before.mkdir()
        kept = [*self._own.glob("manifest.sqlite*"), *self._own.glob("seen.sqlite*")]
        for file in kept:
            shutil.copy(file, before)
        self.run(pictures, order, stop=stop)
        for file in [*self._own.glob("manifest.sqlite*"), *self._own.glob("seen.sqlite*")]:
            file.unlink()
        for file in before.iterdir():
            shutil.copy(file, self._own)

    def ledger(self) -> list[dict[str, Any]]:
        """Give the rows without the run that wrote them."""
        return [{name: value for name, value in row.items() if name != "run"} for row in rows(self.path)]

    def files(self) -> dict[str, bytes]:
        """Give the files and what is in them."""
        return {name: (self.path / name).read_bytes() for name in files(self.path)}

    def check(self) -> None:
        """See that each saved row has its files, whole, and that there are no others."""
        wanted = set()
        for row in rows(self.path):
            if row["status"] != "saved":
                continue
            wanted.add(row["path"])
            assert hashlib.sha256((self.path / row["path"]).read_bytes()).hexdigest() == row["sha256"], row
            if "thumbnail" in (row["steps"] or ""):
                wanted.add(row["path"].rpartition(".")[0] + THUMBNAIL)
        assert files(self.path) == wanted


def judged(pictures: Sequence[Picture], how: str) -> list[tuple[str, str | None, str | None]]:
    """Say by comparing each with each what is to stand in the rows: status, detail and path."""
    first: dict[str, int] = {}
    found: list[tuple[str, str | None, str | None]] = []
    for index, picture in enumerate(pictures):
        if (twin := first.setdefault(picture.url, index)) != index:
            found.append(("skipped", f"the same URL as index {twin}", found[twin][2]))
            continue
        like = next((other for other, old in enumerate(pictures[:index]) if _alike(old, picture, how)), None)
        if like is None:
            found.append(("saved", None, f"{index:06d}.{picture.url[-3:]}"))
        else:
            found.append(("skipped", f"like index {like}", found[like][2] if found[like][0] == "saved" else None))
    return found


def _alike(one: Picture, other: Picture, how: str) -> bool:
    kind, _, bits = how.partition(":")
    if kind == "sha256":
        return one.body == other.body
    return (one.dhash ^ other.dhash).bit_count() <= int(bits or 0)
