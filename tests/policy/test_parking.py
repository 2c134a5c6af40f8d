"""What must wait long leaves a full look-ahead, and comes again after the list."""

from downloader.errors import Busy, Truncated
from downloader.policy.schedule import LONG
from tests.policy.simulation import Closed, Dead, Server, crew_of, rules_of, schedule_of


def test_a_patient_host_does_not_fill_the_look_ahead():
    """A list sorted by host begins with one that asks for patience: the others are fetched during its rest."""
    closed = Closed(100.0 + 60.0)
    crew = crew_of(schedule_of("a" * 500 + "bcde" * 100, look_ahead=50), {"a": closed}).run()
    others = [end.at for end in crew.fetched() if end.ticket.task.host != "a:80"]
    assert len(others) == 400
    assert max(others) < 130.0
    assert len(crew.fetched()) == 900, "and its own images come when it has rested"
    assert min(at for at, host in crew.starts if host == "a:80" and at > 101.0) >= 160.0


def test_a_dead_host_does_not_fill_the_look_ahead():
    """While one host is probed, what waits for it keeps nobody out."""
    schedule = schedule_of("a" * 500 + "bcde" * 100, rules_of(8), look_ahead=50, backoff=(0.5, 30.0))
    crew = crew_of(schedule, {"a": Dead()}).run()
    assert max(end.at for end in crew.fetched()) < 180.0
    assert sum(end.error is not None for end in crew.ends) == 500


def test_long_waits_leave_and_short_ones_stay():
    """Only what waits longer than moments is parked, and only when nothing else may start."""
    schedule = schedule_of("abcdefgh" * 30, look_ahead=8, proven=True)
    for wait in [LONG - 1.0] * 4 + [100.0] * 4:
        schedule.failed(schedule.take(1.0), Truncated("x", retry_after=wait), 1.0)
    assert not schedule._supply.parked
    assert schedule.take(1.0).task.index == 8
    assert [ticket.task.index for ticket in schedule._supply.parked] == [4, 5, 6, 7]


def test_nothing_is_parked_after_the_list():
    """There is nothing to make room for."""
    schedule = schedule_of("a" * 10, look_ahead=10, proven=True)
    schedule.failed(schedule.take(1.0), Busy("x", retry_after=100.0), 1.0)
    assert schedule.take(1.0) is None
    assert not schedule._supply.parked


def test_a_parked_task_goes_on_where_it_was():
    """Its attempts, its first start and what it has cost are those of before, and nothing starts too early."""
    schedule = schedule_of("a" * 3 + "b" * 20, look_ahead=3, proven=True, retries=2)
    ticket = schedule.take(1.0)
    schedule.failed(ticket, Truncated("x", retry_after=100.0), 1.0)
    crew = crew_of(schedule, {"a": Server(), "b": Server()}).run()
    assert ticket.attempt == 2
    assert ticket.first == 1.0
    assert crew.attempts[-1].ticket is ticket or ticket.started >= 101.0


def test_what_is_parked_is_asked_while_a_pipe_is_silent():
    """A list that never ends must not keep what is due."""
    schedule = schedule_of("a" * 3 + "b" * 20, look_ahead=3, proven=True, portions=[3, 3, 0, 0, 0, 0])
    for _ in range(3):
        schedule.failed(schedule.take(1.0), Truncated("x", retry_after=10.0), 1.0)
    while ticket := schedule.take(1.0):
        schedule.done(ticket, 1.0)
    assert len(schedule._supply.parked) == 3
    assert schedule.take(11.0).task.host == "a:80"


class Moody(Server):
    """Refuses every image once, and asks for a rest each time."""

    def __init__(self):
        super().__init__(lambda: 0.05)
        self.met = set()

    def judge(self, index):
        first = index not in self.met
        self.met.add(index)
        return Busy("x", retry_after=6.0) if first else None


def moody_job(look_ahead):
    """Fetch 40 images of each of 20 hosts that refuse each image once; gives the crew and the longest overdue."""
    names = [f"h{number}" for number in range(20) for _ in range(40)]
    schedule = schedule_of(names, rules_of(8), look_ahead=look_ahead, retries=4, backoff=(0.5, 30.0))
    server = Moody()
    late = []

    def watch(crew, ticket):
        server.latest = ticket.task.index
        late.append(crew.now - crew.schedule._supply.next_due)

    server.answer = lambda _: (0.05, server.judge(server.latest))
    crew = crew_of(schedule, dict.fromkeys(set(names), server), watch=watch).run()
    assert len(crew.fetched()) == 800
    return crew.now - 100.0, max(late)


def test_a_small_look_ahead_hardly_costs_time():
    """What is parked and due comes in time, also after the list, when all that is held has to rest."""
    ideal, _ = moody_job(20_000)
    seconds, overdue = moody_job(50)
    assert seconds < 1.5 * ideal
    assert overdue < 30.0
