"""``--report``: a run's recap, written at its end, however that came."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from downloader.cli.summary import next_step, verdict
from downloader.errors import DownloaderError, InputError, OutputError, UsageError
from downloader.model import Report
from downloader.ports import Observer
from downloader.recap import write
from downloader.settings import Settings

if TYPE_CHECKING:
    from downloader.recap.record import Ending


class Reports:
    """Collects what happens where reports are asked for, and writes them."""

    def __init__(self, paths: Sequence[Path], settings: Settings) -> None:
        self._paths = paths
        self._settings = settings
        self.observers: Sequence[Observer] = ()
        if paths:
            from downloader.recap.collector import Collector

            self._collector = Collector()
            self.observers = (self._collector,)

    @contextmanager
    def in_any_case(self) -> Iterator[None]:
        """Write the reports where an error ends the run: then they are what is left to read."""
        try:
            yield
        except (OutputError, InputError) as error:
            self._end_by(error)
            raise

    def write(self, report: Report, status: int) -> int:
        """Write the reports of a run that came to its end; gives the status, 6 where only they were lost."""
        if not self._paths:
            return status
        from downloader.recap.record import Counts, Ending

        ending = Ending(
            verdict=verdict(report),
            status=status,
            next=next_step(report, status),
            whole=Counts(report.saved, report.skipped, report.failed),
            known=report.known,
            lines=report.lines,
        )
        return status if self._written(ending) else status or OutputError.exit_status

    def _end_by(self, error: DownloaderError) -> None:
        if self._paths:
            from downloader.recap.record import Ending

            step = f"mend that, then: downloader status {shlex.quote(self._settings.output.output)}"
            self._written(Ending([f"ended by an error: {error}"], error.exit_status, step))

    def _written(self, ending: "Ending") -> bool:
        recap = self._collector.recap(ending, self._settings, self._learnt())
        written = True
        for path in self._paths:
            try:
                write(recap, path)
            except OutputError as error:
                print(f"downloader: {error}", file=sys.stderr)
                written = False
        return written

    def _learnt(self) -> dict[str, str]:
        from downloader.manifest.views import learnt, reading

        try:
            with reading(Path(self._settings.output.output)) as database:
                return learnt(database)
        except UsageError:  # there is no manifest: the run ended before it was made
            return {}
