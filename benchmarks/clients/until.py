"""Run a job of ours until so many images are stored, and tell the seconds that took.

python until.py LIST FOLDER ENGINE JOBS ENOUGH
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from downloader.job import Job, run_job
from downloader.model import Committed, Event, Line, Saved
from downloader.ports import Control
from downloader.settings import Settings


@dataclass(slots=True)
class Stopwatch:
    """An observer that ends the job when enough images are stored, and holds the seconds that it took."""

    enough: int
    control: Control
    begin: float
    seconds: float = 0.0
    stored: int = 0

    def __call__(self, event: Event) -> None:
        """Count what was committed."""
        if not isinstance(event, Committed):
            return
        self.stored += sum(isinstance(outcome, Saved) for outcome in event.outcomes)
        if self.stored >= self.enough and not self.seconds:
            self.seconds = time.monotonic() - self.begin
            self.control.drain("interrupt", 0.0)


def main() -> None:
    """Run, and write one line of JSON."""
    urls, folder, engine, jobs, enough = sys.argv[1:]
    settings = Settings.of(
        engine=engine, jobs=int(jobs), per_host=0, timeout=20, allow_private=True, output=Path(folder)
    )
    lines = [Line(url) for url in Path(urls).read_text("utf-8").split()]
    control = Control()
    watch = Stopwatch(int(enough), control, time.monotonic())
    run_job(Job(lines, settings), control, [watch])
    if not watch.seconds:
        sys.exit(f"only {watch.stored} images were stored: nothing was measured")
    print(json.dumps(watch.seconds))


if __name__ == "__main__":
    main()
