"""What engines are compared on: the built-in server with its seeded latency, or a list of one's own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from downloader import registry
from downloader.comparison.race import Plan
from downloader.errors import InputError
from downloader.imageserver import ImageServer
from downloader.imageserver import Plan as Serving
from downloader.settings import Settings
from downloader.surroundings import Surroundings

ENGINES = ("sequential", "thread", "async")

EVEN = {"per_host": 0}
"""Settings that hold on the built-in server unless they are given: else the hosts would decide, not the engines."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who runs how often, under which settings."""

    engines: Sequence[str] = ENGINES
    settings: Settings = field(default_factory=Settings)
    surroundings: Surroundings = field(default_factory=Surroundings)
    runs: int = 5
    sweep: Sequence[int] = ()
    tell: Callable[[str], None] = lambda _: None

    def check(self) -> None:
        """Raise UsageError for an engine that there is not."""
        for name in self.engines:
            registry.part("engine", registry.ENGINES, registry.engine_named(name))

    def names(self) -> Sequence[str]:
        """Give the engines that run, whatever "auto" means here."""
        return tuple(map(registry.engine_named, self.engines))


def on_list(order: Order, urls: Sequence[str]) -> Plan:
    """Plan a comparison on a list; raises UsageError or InputError for what cannot be compared."""
    order.check()
    if not urls:
        raise InputError("the list holds no URLs: put one on each line")
    return Plan(urls, order.settings, order.names(), order.runs, order.sweep, order.surroundings, tell=order.tell)


@contextmanager
def on_server(order: Order, serving: Serving, images: int) -> Iterator[Plan]:
    """Plan a comparison on the built-in server, which serves while the block lasts; asked directly, without a login."""
    order.check()
    settings = order.settings.replace(allow_private=True, netrc="none", proxy="none")
    told = {
        "hosts": serving.hosts,
        "latency": serving.latency,
        "size": serving.size,
        "seed": serving.seed,
        "model": f"lognormal around the median, sigma {serving.spread:g}",
    }
    with ImageServer(serving) as server:
        urls = server.urls(images)
        yield Plan(urls, settings, order.names(), order.runs, order.sweep, order.surroundings, told, order.tell)
