"""A job in simulated time: a crew of permits that takes from a schedule, and servers that answer, hang or refuse."""

import heapq
import math
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from downloader.errors import Busy, FetchError, TimedOut
from downloader.model import Task
from downloader.policy.host import Host, Rule, Rules
from downloader.policy.retry import RetryRule
from downloader.policy.schedule import Schedule
from downloader.policy.supply import Ticket
from downloader.settings import Retry

RETRIES = 3
TIME_OUT = 20.0
LOOKS = 1000
"""How often in one instant a crew may look in vain; a sorted list is pulled a thousand tasks at a look."""


class Supply:
    """Gives tasks in portions; an empty portion stands for a list that has nothing to give just now."""

    def __init__(self, tasks: Iterable[Task], portions: Iterable[int] = ()) -> None:
        self.left = deque(tasks)
        self.portions = deque(portions)
        self.rooms: list[int] = []
        self.parked: list[Ticket] = []

    def pull(self, room: int, now: float) -> Sequence[Ticket]:
        self.rooms.append(room)
        portion = self.portions.popleft() if self.portions else room
        given = [Ticket(self.left.popleft()) for _ in range(min(room, portion, len(self.left)))]
        return [*given, *self.unparked(room - len(given), now)]

    def unparked(self, room: int, until: float) -> Sequence[Ticket]:
        self.parked.sort(key=lambda ticket: ticket.due)
        given = [ticket for ticket in self.parked if ticket.due <= until][:room]
        self.parked = self.parked[len(given) :]
        return given

    def park(self, tickets: Sequence[Ticket]) -> None:
        self.parked += tickets

    @property
    def next_due(self) -> float:
        return min((ticket.due for ticket in self.parked), default=math.inf)

    @property
    def ended(self) -> bool:
        return not self.left and not self.parked

    @property
    def waiting(self) -> bool:
        return bool(self.left) and (not self.portions or self.portions[0] > 0)


def tasks_of(hosts: Iterable[str]) -> list[Task]:
    """Make a task for each host named."""
    return [Task(index, f"http://{host}/{index}", f"{host}:80") for index, host in enumerate(hosts)]


def schedule_of(
    hosts: Iterable[str], rules: Rules | None = None, jobs: int = 64, look_ahead: int = 100,
    portions: Iterable[int] = (), proven: bool = False, **retry: object,
) -> Schedule:  # fmt: skip
    """Make a schedule of these hosts' tasks; waits are as the server asks, and ``proven`` hosts have answered."""
    settings = Retry(**{"retries": RETRIES, "backoff": (0.0, 0.0)} | retry)  # type: ignore[arg-type]
    rules = rules or rules_of()
    tasks = tasks_of(hosts)
    schedule = Schedule(Supply(tasks, portions), RetryRule(settings, random.Random(0)), rules, jobs, look_ahead)
    for name in dict.fromkeys(task.host for task in tasks) if proven else ():
        schedule._idle[name] = host = Host(name, rules)
        host.answered()
    return schedule


def rules_of(per_host: int = 0, host_rate: float = 0.0, rate: float = 0.0, probes: int = RETRIES) -> Rules:
    """Make the rules for hosts."""
    return Rules(Rule(per_host, host_rate), rate=rate, probes=probes)


class Server:
    """Answers everything after a latency."""

    def __init__(self, latency: Callable[[], float] = lambda: 0.1) -> None:
        self.latency = latency
        self.under_way = 0

    def start(self, now: float) -> tuple[float, FetchError | None]:
        """Take a request; gives the seconds to its end, and what becomes of it."""
        self.under_way += 1
        return self.answer(now)

    def answer(self, _now: float) -> tuple[float, FetchError | None]:
        return self.latency(), None


class Dead(Server):
    """Never answers."""

    def answer(self, _now: float) -> tuple[float, FetchError | None]:
        return TIME_OUT, TimedOut("x")


class Limited(Server):
    """Refuses requests beyond a number at once, without a word of when."""

    def __init__(self, limit: int, latency: Callable[[], float] = lambda: 0.1) -> None:
        super().__init__(latency)
        self.limit = limit
        self.refusals = 0

    def answer(self, _now: float) -> tuple[float, FetchError | None]:
        refused = self.under_way > self.limit
        self.refusals += refused
        return self.latency(), Busy("x") if refused else None


class Queueing(Server):
    """Works on so many requests at once, and lets the others wait in its queue."""

    def __init__(self, workers: int, latency: Callable[[], float] = lambda: 0.1) -> None:
        super().__init__(latency)
        self.free = [0.0] * workers

    def answer(self, now: float) -> tuple[float, FetchError | None]:
        end = max(now, heapq.heappop(self.free)) + self.latency()
        heapq.heappush(self.free, end)
        return end - now, None


class Closed(Server):
    """Refuses everything until a time, and says when that will be."""

    def __init__(self, until: float) -> None:
        super().__init__()
        self.until = until

    def answer(self, now: float) -> tuple[float, FetchError | None]:
        return self.latency(), Busy("x", retry_after=math.ceil(self.until - now)) if now < self.until else None


class Fated(Server):
    """Does what it is told, attempt by attempt, then answers."""

    def __init__(self, fates: Iterable[tuple[float, FetchError | None]]) -> None:
        super().__init__()
        self.fates = deque(fates)

    def answer(self, now: float) -> tuple[float, FetchError | None]:
        return self.fates.popleft() if self.fates else super().answer(now)


@dataclass(frozen=True, slots=True)
class End:
    """How a task ended, and when; without an error it was fetched."""

    at: float
    ticket: Ticket
    error: FetchError | None


@dataclass
class Crew:
    """Takes tickets for its permits as an engine does, and notes what it sees."""

    schedule: Schedule
    servers: Callable[[str], Server]
    jobs: int = 64
    watch: Callable[["Crew", Ticket], None] = lambda *_: None  # hears of every start
    now: float = 100.0
    under_way: Counter[str] = field(default_factory=Counter)
    starts: list[tuple[float, str]] = field(default_factory=list)
    attempts: list[End] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    in_vain: int = 0  # looks that found nothing
    busy: float = 0.0  # seconds of permits in use
    _running: list[tuple[float, int, Ticket, FetchError | None]] = field(default_factory=list)

    def run(self, until: float = math.inf) -> "Crew":
        """Go on until all is done, or until a time."""
        looks, since = 0, self.now
        while self.now < until:
            while len(self._running) < self.jobs and self._start():
                pass
            self.ends += [End(self.now, ticket, error) for ticket, error in self.schedule.refused()]
            if not self._running and self.schedule.exhausted():
                return self
            self._pass_time()
            looks, since = (looks + 1, since) if self.now == since else (0, self.now)
            assert looks < LOOKS, "it looks and looks, and no time passes"
        return self

    def fetched(self) -> list[End]:
        """Give the ends that are good, in their order."""
        return [end for end in self.ends if end.error is None]

    def _start(self) -> bool:
        ticket = self.schedule.take(self.now)
        if ticket is None:
            self.in_vain += 1
            return False
        host = ticket.task.host
        self.under_way[host] += 1
        self.watch(self, ticket)
        self.starts.append((self.now, host))
        seconds, error = self.servers(host).start(self.now)
        heapq.heappush(self._running, (self.now + seconds, len(self.starts), ticket, error))
        return True

    def _pass_time(self) -> None:
        # A crew that is full waits for the next to end, an idle one for the schedule alone.
        full = len(self._running) == self.jobs
        until = math.inf if full else self.now + self.schedule.wait(self.now)
        until = min(until, self._running[0][0] if self._running else math.inf)
        self.busy += (until - self.now) * len(self._running)
        self.now = until
        while self._running and self._running[0][0] <= self.now:
            _, _, ticket, error = heapq.heappop(self._running)
            self._end(ticket, error)

    def _end(self, ticket: Ticket, error: FetchError | None) -> None:
        self.under_way[ticket.task.host] -= 1
        self.servers(ticket.task.host).under_way -= 1
        self.attempts.append(End(self.now, ticket, error))
        if error is None:
            self.schedule.done(ticket, self.now)
        elif self.schedule.failed(ticket, error, self.now) is not None:
            return
        self.ends.append(End(self.now, ticket, error))


def crew_of(schedule: Schedule, servers: dict[str, Server], jobs: int = 64, **more: object) -> Crew:
    """Make a crew for servers named as in ``tasks_of``; who is not named answers at once."""
    known = {f"{name}:80": server for name, server in servers.items()}
    return Crew(schedule, lambda host: known.setdefault(host, Server()), jobs, **more)  # type: ignore[arg-type]
