"""Which task may start now, tried with a simulated clock."""

import gc

import pytest

from downloader.errors import Busy, Gone, NoSuchHost, NotFound, Reset, TimedOut, Truncated
from downloader.policy import schedule as module
from downloader.policy.schedule import IDLE, Ticket
from tests.policy.simulation import RETRIES, rules_of, schedule_of


def take_all(schedule, now=1.0):
    """Take tickets until there is none."""
    return list(iter(lambda: schedule.take(now), None))


def letters(tickets):
    """Give the hosts of tickets as a word."""
    return "".join(ticket.task.host[0] for ticket in tickets)


@pytest.mark.parametrize(
    ("hosts", "per_host", "expected"),
    [
        ("", 0, ""),
        ("aaa", 0, "aaa"),
        ("aaabbc", 0, "abcaba"),
        ("aaabbc", 1, "abc"),
        ("aaabbc", 2, "abcab"),
        ("aaaaab", 3, "abaa"),
        ("abcabc", 0, "abcabc"),
    ],
)
def test_hosts_take_turns(hosts, per_host, expected):
    """One task of each host in turn, and of none more than its limit."""
    assert letters(take_all(schedule_of(hosts, rules_of(per_host), proven=True))) == expected


def test_a_hosts_tasks_keep_their_order():
    """Within a host, the list's order is kept."""
    assert [ticket.task.index for ticket in take_all(schedule_of("aabab", proven=True))] == [0, 2, 1, 4, 3]


def test_a_place_is_free_again_when_a_task_is_done():
    """A host at its limit goes on as soon as one of its tasks ends."""
    schedule = schedule_of("aaa", rules_of(1))
    first = schedule.take(1.0)
    assert schedule.take(1.0) is None
    assert schedule.wait(1.0) == IDLE
    schedule.done(first, 1.0)
    assert schedule.wait(1.0) == 0.0
    assert schedule.take(1.0).task.index == 1


def test_a_failed_task_comes_back_when_it_is_due():
    """No retry before its time, and its attempts are counted."""
    schedule = schedule_of("a")
    ticket = schedule.take(10.0)
    assert ticket.attempt == 1
    assert schedule.failed(ticket, Truncated("x", retry_after=5.0), 11.0) == 5.0
    assert not schedule.exhausted()
    assert schedule.wait(11.0) == 5.0
    assert schedule.take(15.9) is None
    assert schedule.wait(15.0) == 1.0
    assert schedule.take(16.0) is ticket
    assert ticket.attempt == 2
    schedule.done(ticket, 16.0)
    assert schedule.exhausted()


def test_a_waiting_retry_holds_no_place():
    """While one waits, another task of its host starts."""
    schedule = schedule_of("aa", rules_of(1))
    first = schedule.take(1.0)
    schedule.failed(first, Truncated("x", retry_after=5.0), 1.0)
    assert schedule.take(1.0).task.index == 1


def test_a_due_retry_respects_the_limit():
    """Due is not yet allowed: the host may be full."""
    schedule = schedule_of("aa", rules_of(1))
    first = schedule.take(1.0)
    schedule.failed(first, Truncated("x", retry_after=5.0), 1.0)
    second = schedule.take(1.0)
    assert schedule.take(7.0) is None
    assert not schedule.exhausted()
    schedule.done(second, 7.0)
    assert schedule.take(7.0) is first


def test_a_failure_for_good_ends_the_task():
    """A permanent failure gives no wait, and a transient one none after the last retry."""
    schedule = schedule_of("a")
    assert schedule.failed(schedule.take(1.0), NotFound("x"), 1.0) is None
    assert schedule.exhausted()
    schedule = schedule_of("a")
    given_ = [schedule.failed(schedule.take(1.0), Reset("x"), 1.0) for _ in range(RETRIES + 1)]
    assert given_ == [0.0] * RETRIES + [None]
    assert schedule.exhausted()


def test_putting_back_costs_no_try():
    """An attempt that could not start does not count, however often."""
    schedule = schedule_of("a")
    for start in range(1, 30):
        ticket = schedule.take(float(start))
        assert ticket.attempt == 1
        schedule.put_back(ticket, float(start), 0.5)
        assert schedule.take(start + 0.4) is None
    given_ = [schedule.failed(schedule.take(99.0), Reset("x"), 99.0) for _ in range(RETRIES + 1)]
    assert given_ == [0.0] * RETRIES + [None]


def test_the_longest_time_counts_from_the_first_attempt():
    """--retry-max-time runs from when a task was first handed out, not from its first failure."""
    schedule = schedule_of("a", retry_max_time=10.0)
    ticket = schedule.take(100.0)
    assert schedule.failed(ticket, Truncated("x", retry_after=4.0), 105.0) == 4.0
    assert schedule.failed(schedule.take(109.0), Truncated("x", retry_after=2.0), 109.0) is None


def test_a_list_sorted_by_host_still_finds_other_hosts():
    """Look-ahead reaches past the tasks of a host at its limit."""
    schedule = schedule_of("a" * 30 + "b" * 5, rules_of(1))
    assert letters(take_all(schedule)) == "ab"


def test_look_ahead_is_bounded():
    """No more is pulled than may be held, and what waits for its time is counted in."""
    schedule = schedule_of("abcdefghij" * 30, look_ahead=10, proven=True)
    supply = schedule._supply
    taken = []
    for _ in range(10):
        ticket = schedule.take(1.0)
        taken.append(ticket)
        schedule.failed(ticket, Truncated("x", retry_after=4.0), 1.0)
    assert schedule.take(1.0) is None, "ten tasks wait, none of them long: the look-ahead is full"
    assert len(supply.left) == 290
    assert schedule.take(5.0) in taken


def test_a_look_ahead_full_of_retries_still_finds_work():
    """Where most of what is held waits for its time, the rest of the room is filled."""
    schedule = schedule_of("abcdefghij" * 30, look_ahead=10, proven=True)
    for _ in range(10):
        ticket = schedule.take(1.0)
        if ticket.task.index < 7:
            schedule.failed(ticket, Truncated("x", retry_after=100.0), 1.0)
    assert [schedule.take(1.0).task.index for _ in range(3)] == [10, 11, 12]


def test_the_supply_is_asked_in_large_steps():
    """A pull costs the same look-up for one task as for a thousand."""
    schedule = schedule_of("abcdefghij" * 100, look_ahead=100)
    for _ in range(1000):
        schedule.done(schedule.take(1.0), 1.0)
    assert min(schedule._supply.rooms) >= 50
    assert max(schedule._supply.rooms) <= 100


def test_a_silent_supply_is_asked_again():
    """A list that has nothing to give just now does not end the job."""
    schedule = schedule_of("ab", portions=[0, 0, 1, 0, 1])
    assert schedule.take(1.0) is None
    assert not schedule.exhausted()
    assert schedule.wait(1.0) == IDLE
    assert schedule.take(1.0) is None
    assert schedule.wait(1.0) == 0.0, "now it has something"
    first = schedule.take(1.0)
    assert first.task.index == 0
    assert not schedule.exhausted()
    assert schedule.take(1.0) is None
    assert schedule.take(1.0).task.index == 1
    assert schedule.exhausted(), "what is under way is the engine's to know"


def test_records_of_hosts_are_dropped(monkeypatch):
    """Memory follows what is in play: after thousands of hosts no task is left, and few hosts are remembered."""
    monkeypatch.setattr(module, "KEPT", 30)
    schedule = schedule_of([f"many{number}" for number in range(5000)], rules_of(2), look_ahead=50)
    count = most = 0
    while (ticket := schedule.take(1.0)) is not None:
        schedule.done(ticket, 1.0)
        count += 1
        most = max(most, len(schedule._hosts))
        assert len(schedule._idle) <= 30
    assert count == 5000
    assert most <= 50
    assert not schedule._hosts
    assert not schedule._proven
    assert not schedule._unproven
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is Ticket and each.task.host.startswith("many")]


def test_nothing_is_kept_of_a_host_nothing_is_known_of():
    """A host whose only attempt could not start leaves no record behind while its task waits."""
    schedule = schedule_of("a")
    schedule.put_back(schedule.take(1.0), 1.0, 9.0)
    assert not schedule._hosts
    assert not schedule._idle


# --- hosts that have not answered yet


def test_an_unproven_host_has_one_image_under_way():
    """Any answer proves a host, a refusal too; until then it gets one image at a time."""
    schedule = schedule_of("aaaabbbb", rules_of(3))
    first, second = take_all(schedule)
    assert letters([first, second]) == "ab"
    schedule.failed(first, Gone("x"), 1.0)
    assert letters(take_all(schedule)) == "aaa"


@pytest.mark.parametrize(("jobs", "share"), [(1, 1), (3, 1), (16, 4), (64, 16)])
def test_unproven_hosts_hold_a_quarter_of_the_permits(jobs, share):
    """As long as a proven host could start; one of them is always let in, for else nobody would be proven."""
    schedule = schedule_of("p" * 100, jobs=jobs, look_ahead=1000, proven=True)
    schedule._supply.left.extend(schedule_of([f"new{number}" for number in range(100)])._supply.left)
    taken = [schedule.take(1.0).task.host for _ in range(jobs)]
    assert sum(host.startswith("new") for host in taken) == share


def test_unproven_hosts_take_what_nobody_else_wants():
    """Where no proven host has work, they may use every permit."""
    schedule = schedule_of("p" + "abcdefgh", jobs=4)
    schedule._idle.update(schedule_of("p", proven=True)._idle)
    assert letters(take_all(schedule)) == "apbcdefgh"


@pytest.mark.parametrize("error", [None, Reset, TimedOut, NoSuchHost, Busy, Gone])
def test_a_share_is_free_again_whatever_ends_an_attempt(error):
    """The share of unproven hosts is counted right, and so it is for what is put back."""
    schedule = schedule_of("abc")
    schedule.put_back(schedule.take(1.0), 1.0, 1.0)
    ticket = schedule.take(1.0)
    schedule.failed(ticket, error("x"), 1.0) if error else schedule.done(ticket, 1.0)
    assert schedule._unproven_under_way == 0
