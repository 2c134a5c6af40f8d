"""The line from ticket to outcome in one process: schedule, engine, work on images, sink."""

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from downloader import registry
from downloader.engines.spool import Spool
from downloader.engines.ways import Ways
from downloader.equipment import host_rules, make_kit
from downloader.model import HostState, Outcome
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import Schedule
from downloader.policy.shares import Shares
from downloader.policy.slices import Slices
from downloader.policy.supply import Supply
from downloader.ports import Claims, Control, Emit, Shelf, Sink
from downloader.resolver import Lookup
from downloader.settings import Settings
from downloader.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Orders:
    """What a line is made to do, wherever it runs."""

    settings: Settings
    surroundings: Surroundings
    lookup: Lookup  # how names are looked up
    measure: bool  # whether outcomes tell where their time went
    attempts: bool  # whether somebody hears of every attempt
    watched: bool  # whether somebody looks at how the job stands
    run: int  # its number in the folder
    folder: Path
    parts: Path  # where bodies wait
    among: int = 1  # how many processes share the machine

    def __reduce__(self) -> tuple[Any, ...]:
        """Give what another process makes the same orders of; it holds secrets."""
        # Not __getstate__: Python 3.11.2 puts its own in the place of that of a frozen dataclass with slots.
        state = {name: getattr(self, name) for name in self.__slots__}
        return _orders, (state | {"surroundings": self.surroundings.plain()},)

    def of(self, settings: Settings, parts: Path) -> Self:
        """Give the same orders with other limits and a place of their own for parts."""
        return replace(self, settings=settings, parts=parts)


def _orders(state: dict[str, Any]) -> Orders:
    return Orders(**state | {"surroundings": Surroundings(**state["surroundings"])})


@dataclass(frozen=True, slots=True)
class Site:
    """What a line finds where it runs."""

    control: Control
    emit: Emit
    claims: Any  # Claims, and the means to have them ready for other processes
    shares: Shares | Slices | None = None  # of hosts that others ask at the same time
    chosen: Callable[[Shelf], Sink] = lambda shelf: shelf  # --dedupe puts a choice before the sink


class Here:
    """A launcher that does all in this process."""

    def __init__(self, orders: Orders, site: Site) -> None:
        self._orders = orders
        self._site = site
        self._stack = ExitStack()
        self._schedule: Schedule

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _open(self, stack: ExitStack) -> None:
        orders, settings, site = self._orders, self._orders.settings, self._site
        ways = Ways.of(settings, orders.surroundings, orders.lookup)
        stack.callback(ways.resolver.close)
        self._resolver = ways.resolver
        told = {"measure": orders.measure, "attempts": orders.attempts}
        self._kit = make_kit(settings, ways, Spool(orders.parts, orders.run), site.emit, **told)
        engine = registry.engine_named(settings.pace.engine)
        self._engine = registry.part("engine", registry.ENGINES, engine)(self._kit)
        make_sink = registry.part("sink", registry.SINKS, "folder")
        claims: Claims = site.claims
        self._sink = site.chosen(make_sink(orders.folder, orders.parts, settings.output, claims))
        self._stage: Any = None
        if settings.works_on_images:  # the stage closes behind the engine that feeds it
            open_stage = registry.part("stage", registry.STAGES, "postprocess")
            self._stage = stack.enter_context(open_stage(settings, site.control, site.emit, orders.among))

    def run(self, supply: Supply) -> Generator[Sequence[Outcome], None, None]:
        """Do what ``ports.Launcher`` says."""
        pace, site = self._orders.settings.pace, self._site
        rule = RetryRule(self._orders.settings.retry, random.Random())
        rules = host_rules(self._orders.settings)
        self._schedule = Schedule(supply, rule, rules, self._kit.jobs, pace.look_ahead, site.shares)
        with closing(self._engine.fetch(self._schedule, site.control, site.emit)) as fetched:
            yield from self._sink.store(self._stage.run(fetched) if self._stage else fetched)

    def look(self, now: float, most: int) -> tuple[int, Sequence[HostState]]:
        """Give how many images are under way, and how the busiest hosts stand."""
        return self._schedule.look(now, most)

    def learnt(self) -> dict[str, str]:
        """Say what was learnt of hosts."""
        return self._schedule.learnt()

    @property
    def waited(self) -> float:
        """Seconds that images spent waiting for look-ups, summed."""
        return self._resolver.waited
