"""/metrics for Prometheus. No label ever holds a URL or a host: their number is without end."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from downloader.errors import UsageError
from downloader.service.states import State
from downloader.service.teller import BUCKETS

if TYPE_CHECKING:
    from downloader.service.application import Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def check() -> None:
    """Raise UsageError where the libraries of the service are missing."""
    for library in ("prometheus_client", "PIL"):
        try:
            __import__(library)
        except ModuleNotFoundError as error:
            raise UsageError(f"the service needs {library}: pip install 'parallel-image-downloader[serve]'") from error


def exposition(service: "Service", jobs: dict[str, int]) -> bytes:
    """Give all metrics as text; ``jobs`` are counts by state."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(list(_families(service, jobs))))
    return bytes(generate_latest(registry))


class _Collector:
    def __init__(self, families: list[Any]) -> None:
        self._families = families

    def collect(self) -> list[Any]:
        return self._families


def _families(service: "Service", jobs: dict[str, int]) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    totals, supervisor = service.supervisor.runs.totals, service.supervisor
    images = CounterMetricFamily("downloader_images", "Images by outcome.", labels=("status", "code"))
    for (status, code), number in totals.images.items():
        images.add_metric((status, code), number)
    yield images
    yield CounterMetricFamily("downloader_bytes", "Bytes of images stored.", value=totals.bytes)
    yield CounterMetricFamily("downloader_host_rests", "Times that a host was left alone.", value=totals.rests)
    phases = HistogramMetricFamily("downloader_phase_seconds", "Where attempts spend their time.", labels=("phase",))
    for phase, sums in totals.phases.items():
        phases.add_metric((phase,), list(_cumulated(sums[:-1])), sums[-1])
    yield phases
    standing = GaugeMetricFamily("downloader_jobs", "Jobs by state.", labels=("state",))
    for state in State:
        standing.add_metric((state.value,), jobs.get(state.value, 0))
    yield standing
    yield GaugeMetricFamily("downloader_in_flight", "Images being asked for.", value=supervisor.runs.in_flight)
    yield GaugeMetricFamily("downloader_queue", "Jobs that wait for a place.", value=jobs.get("queued", 0))
    yield GaugeMetricFamily("downloader_listeners", "Open event streams.", value=service.feeds.clients)
    free = shutil.disk_usage(service.serving.data).free
    yield GaugeMetricFamily("downloader_disk_free_bytes", "Room left where the images go.", value=free)


def _cumulated(counts: list[float]) -> Iterator[tuple[str, float]]:
    total = 0.0
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
        total += number
        yield bound, total
