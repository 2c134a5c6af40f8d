"""What is learnt of one host: its rests, its probes and its end, tried with a simulated clock."""

import pytest

from downloader.errors import Busy, Dns, Gone, HostDown, NotFound, Reset, TimedOut, Truncated, Unreachable
from downloader.policy import schedule as module
from downloader.policy.host import CAUTION, Host, Rule, Rules
from tests.policy.simulation import rules_of, schedule_of

MISSES = [Dns, Unreachable, TimedOut]


def host_of(**rules):
    """Make a host that has answered."""
    host = Host("a:80", rules_of(**rules))
    host.answered()
    return host


def starts(schedule, times, error):
    """Fail the attempt that starts at each of these times, at that time; gives whether one could start."""
    return [bool((ticket := schedule.take(now)) and [schedule.failed(ticket, error("x"), now)]) for now in times]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a:80", Rule(1)), ("a:81", Rule(2)), ("b:80", Rule(3)), ("[::1]:80", Rule(4)), ("", Rule(3))],
)
def test_the_nearest_rule_holds(name, expected):
    """A rule for a host and port comes before one for the host, and that before the one for all."""
    named = {"a:80": Rule(1), "a": Rule(2), "[::1]": Rule(4)}
    assert Rules(Rule(3), named).of(name) == expected


# --- rests


@pytest.mark.parametrize("error", MISSES)
def test_a_host_rests_after_three_misses_in_a_row(error):
    """Then it is left alone for a second, and asked again by one alone."""
    schedule = schedule_of("a" * 9, retries=9)
    assert starts(schedule, [1.0, 1.1, 1.2, 1.3, 2.1], error) == [True, True, True, False, False]
    assert schedule.wait(1.2) == pytest.approx(1.0)
    assert schedule.take(2.2)
    assert schedule.take(2.2) is None, "one probe at a time"


@pytest.mark.parametrize("answer", [None, NotFound, Reset, Truncated, Busy])
def test_an_answer_breaks_the_row(answer):
    """Good or bad, an answer is a sign of life: two misses before it are forgotten."""
    schedule = schedule_of("a" * 9, rules_of(1), retries=9)
    starts(schedule, [1.0, 1.1], TimedOut)
    ticket = schedule.take(1.2)
    schedule.failed(ticket, answer("x"), 1.2) if answer else schedule.done(ticket, 1.2)
    assert starts(schedule, [1.3, 1.4, 1.5, 1.6], TimedOut) == [True, True, True, False]


def test_rests_grow_up_to_the_longest():
    """Each failed probe doubles the rest, and an answer makes it short again."""
    host = host_of(probes=99)
    rests = []
    now = 0.0
    for number in range(9):
        host.missed(now, now)
        if number >= 2:
            rests.append(host.opens_at - now)
            now = host.opens_at
    assert rests == [1, 2, 4, 8, 16, 30, 30]
    host.answered()
    for _ in range(3):
        host.missed(now, now)
    assert host.opens_at - now == 1


def test_misses_from_before_the_rest_are_no_probes():
    """A crowd that times out together makes one rest, and gives nobody up."""
    schedule = schedule_of("a" * 40, proven=True)
    crowd = [schedule.take(1.0) for _ in range(32)]
    for number, ticket in enumerate(crowd):
        schedule.failed(ticket, TimedOut("x"), 21.0 + number / 10)
    assert not list(schedule.refused())
    assert schedule.take(25.0), "the first rest was a second, from the third miss"
    assert schedule._hosts["a:80"].failed_probes == 0


def test_no_probe_starts_while_the_crowd_from_before_hangs():
    """What is still under way from before the rest may yet answer."""
    schedule = schedule_of("a" * 9, proven=True)
    crowd = [schedule.take(1.0) for _ in range(4)]
    for ticket in crowd[:3]:
        schedule.failed(ticket, TimedOut("x"), 21.0)
    assert schedule.take(23.0) is None
    schedule.done(crowd[3], 23.5)
    assert [bool(schedule.take(23.5)) for _ in range(8)] == [True] * 8, "five new ones and three again"


def test_a_resting_host_is_in_the_heap_once():
    """However many of its tasks come in meanwhile."""
    schedule = schedule_of("a" * 99, retries=0, portions=[4, *[1] * 95])
    starts(schedule, [1.0, 1.0, 1.0], TimedOut)
    for _ in range(95):
        assert schedule.take(1.5) is None
    assert len(schedule._due) == 1


def test_a_rest_costs_no_try():
    """An image that waits for its host keeps its tries."""
    schedule = schedule_of("aaaa", rules_of(1, probes=9), retries=9)
    for start in (1.0, 1.1, 1.2):
        schedule.failed(schedule.take(start), Unreachable("x"), start)
    assert schedule.take(1.3) is None
    ticket = schedule.take(2.5)
    assert (ticket.task.index, ticket.attempt) == (3, 1)
    schedule.put_back(ticket, 2.5, 0.5)
    probe = schedule.take(2.5)
    assert (probe.task.index, probe.attempt) == (0, 2), "a probe that could not start is no failed one"


@pytest.mark.parametrize("probes", [0, 1, 3])
def test_a_host_is_given_up_after_its_probes(probes):
    """Then all that wait, and all that come later, end unasked, and say why."""
    schedule = schedule_of("a" * 30, rules_of(probes=probes), look_ahead=10, retries=99)
    times = [1.0, 1.0, 1.0] + [100.0 * number for number in range(1, 10)]
    assert starts(schedule, times, Unreachable) == [True] * (3 + probes) + [False] * (9 - probes)
    refused = list(schedule.refused())
    while not schedule.exhausted():
        assert schedule.take(5000.0) is None
        refused += schedule.refused()
    assert sorted(ticket.task.index for ticket, _ in refused) == list(range(30))
    assert {type(error) for _, error in refused} == {HostDown}
    assert f"after {probes} probes" in str(refused[0][1])
    assert sum(ticket.attempt for ticket, _ in refused) == 3 + probes
    assert not schedule._hosts


def test_an_answer_to_a_probe_closes_the_circuit():
    """A good probe gives the host all its places back, and three misses are needed anew."""
    schedule = schedule_of("a" * 12, rules_of(4, probes=2), retries=9)
    for now in (0.0, 100.0):
        assert starts(schedule, [now + 1, now + 1, now + 1, now + 2], TimedOut) == [True] * 4
        schedule.failed(schedule.take(now + 10), Gone("x"), now + 10)
    assert sum(bool(schedule.take(110.0)) for _ in range(9)) == 4
    assert not list(schedule.refused())


def test_misses_are_remembered_while_no_task_of_the_host_is_here():
    """A host whose tasks come one by one rests and is given up as well."""
    schedule = schedule_of("a" * 9, look_ahead=1, retries=0)
    assert starts(schedule, [1.0, 1.1, 1.2, 1.3], TimedOut) == [True, True, True, False]


def test_a_wake_for_a_forgotten_host_touches_no_other(monkeypatch):
    """A record that was given up and forgotten may still be in the heap, beside a new one of the same name."""
    monkeypatch.setattr(module, "KEPT", 0)
    schedule = schedule_of("a" * 6, rules_of(probes=0), proven=True, retries=1)
    *crowd, alive, busy = [schedule.take(1.0) for _ in range(5)]
    schedule.failed(busy, Busy("x", retry_after=60.0), 1.0)
    schedule.failed(alive, Gone("x"), 1.0)
    for ticket in crowd:
        schedule.failed(ticket, TimedOut("x"), 1.0)
    assert len(list(schedule.refused())) == 1
    schedule._supply.left.extend(schedule_of("aa")._supply.left)
    first = schedule.take(60.9)
    assert schedule.take(61.0) is None
    schedule.done(first, 62.0)
    assert schedule.take(62.0)


# --- how much it bears


def crowd_of(schedule, now):
    """Take all that may start now."""
    return list(iter(lambda: schedule.take(now), None))


def test_a_refusal_halves_and_successes_raise_by_one():
    """As many successes as the limit is; what was refused once is tried with caution, and learnt when it goes well."""
    schedule = schedule_of("a" * 999, rules_of(32), proven=True)
    crowd = [schedule.take(1.0) for _ in range(16)]
    schedule.failed(crowd.pop(), Busy("x"), 1.5)
    for ticket in crowd:
        schedule.failed(ticket, Gone("x"), 1.6)
    limits = []
    for _ in range(400):
        limits.append(schedule._hosts["a:80"].limit)
        schedule.done(schedule.take(2.0), 2.0)
    assert [limits.count(limit) for limit in range(8, 16)] == [8, 9, 10, 11, 12, 13, 14, 15 * CAUTION]
    assert limits[-1] > 16, "what it bears now is what it once refused"


def test_a_crowd_that_is_refused_together_halves_once():
    """Those asked before the limit was cut say nothing new."""
    schedule = schedule_of("a" * 99, rules_of(20), proven=True)
    for now, limit in ((1.0, 10), (2.0, 5), (3.0, 2), (4.0, 1), (5.0, 1)):
        for ticket in reversed(crowd_of(schedule, now)):
            schedule.failed(ticket, Busy("x"), now + 0.5)
        assert schedule._hosts["a:80"].limit == limit


@pytest.mark.parametrize("late", [0, 5, 15])
def test_what_was_refused_is_the_crowd_at_the_start(late):
    """It does not matter how many of the crowd have ended when the refusal of one is heard."""
    schedule = schedule_of("a" * 99, rules_of(16), proven=True)
    crowd = crowd_of(schedule, 1.0)
    refused = crowd.pop()
    for _ in range(late):
        schedule.done(crowd.pop(), 1.5)
    schedule.failed(refused, Busy("x"), 1.5)
    assert schedule._hosts["a:80"].limit == 8


@pytest.mark.parametrize("per_host", [0, 1, 2, 8])
def test_a_limit_stays_between_one_and_the_rule(per_host):
    """However often it is cut or raised."""
    schedule = schedule_of("a" * 999, rules_of(per_host), proven=True, retries=0)
    for now in range(1, 9):
        schedule.failed(schedule.take(now), Busy("x"), now)
    assert schedule._hosts["a:80"].limit == 1
    while len(schedule._supply.left) > 100:
        schedule.done(schedule.take(9.0), 9.0)
    limit = schedule._hosts["a:80"].limit
    assert limit == per_host or (not per_host and limit > 8)
