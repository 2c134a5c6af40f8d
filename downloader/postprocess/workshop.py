"""Where images are worked on, as the settings want it: in a pool of processes, or in threads of this one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from downloader.cores import cores
from downloader.measures import AUTO
from downloader.ports import Control, Emit
from downloader.postprocess.chain import Chain
from downloader.postprocess.pool import Pool, PoolLimits
from downloader.postprocess.stage import Bench, Stage
from downloader.postprocess.threads import Threads
from downloader.settings import Process, Settings


@contextmanager
def open_stage(settings: Settings, control: Control, emit: Emit, among: int = 1) -> Iterator[Stage]:
    """Open the stage that works on images; raises UsageError for a step that is none, OutputError without workers.

    ``among`` is how many stages share the machine's cores.
    """
    texts = settings.process.process
    if settings.process.dedupe.startswith("dhash") and not any("fingerprint" in text for text in texts):
        texts = (*texts, "fingerprint")  # it is what likeness is told by
    with _workshop(Bench(Chain.of(texts, settings.filters)), settings.process, max(1, cores() // among)) as workshop:
        yield Stage(workshop, control, emit)


def _workshop(bench: Bench, settings: Process, own: int) -> Any:
    if settings.workers == 0:
        return Threads(bench, own)
    workers = own if settings.workers == AUTO else int(settings.workers)
    return Pool(bench, PoolLimits(workers, settings.worker_memory, settings.process_timeout))
