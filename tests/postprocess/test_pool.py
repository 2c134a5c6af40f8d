"""The pool of processes: no image can hurt another, and nothing is left behind."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import pytest

from downloader.errors import DecoderCrashed, DecoderMemory, DecoderTimeout, OutputError
from downloader.postprocess import ahead
from downloader.postprocess.pool import Pool, PoolLimits
from downloader.postprocess.seat import Job, Seat
from downloader.postprocess.shared import SLOT
from downloader.postprocess.threads import Threads
from downloader.postprocess.worker import Orders
from tests.postprocess import works

LIMITS = PoolLimits(workers=2, memory=1 << 30, timeout=40.0)
ROOT = Path(__file__).parents[2]


def open_threads() -> Threads:
    """Give the pool's stand-in."""
    return Threads(works.work, 2)


def open_pool(work: Callable[[bytes], object] = works.work, **limits: float) -> Pool:
    """Give a pool with these limits and common ones for the rest."""
    return Pool(work, PoolLimits(**{"workers": 2, "memory": 1 << 30, "timeout": 40.0, **limits}))


def bodies_with(odd: Mapping[int, bytes], count: int = 500) -> dict[int, bytes | Path]:
    """Give that many different bodies of 20 KB, and in some places others."""
    return {number: odd.get(number, str(number).encode() * 6000) for number in range(count)}


def digest(body: bytes) -> str:
    """Give what the work gives for a body without a word."""
    return hashlib.sha256(body).hexdigest()


def results(pool: Pool | Threads, bodies: Mapping[int, bytes | Path]) -> Iterator[tuple[int, object]]:
    """Keep a pool full until all is done; each key comes once."""
    left, seen = list(bodies), set()
    while left or pool.under_way:
        while left and pool.room:
            key = left.pop(0)
            pool.submit(key, bodies[key])
        for key, result in pool.done(0.25):
            assert key not in seen
            seen.add(key)
            yield key, result
    assert seen == set(bodies)


def wrong(bodies: Mapping[int, bytes], found: Iterable[tuple[int, object]]) -> dict[int, object]:
    """Give the results that are not the digest of their own body."""
    return {key: result for key, result in found if result != digest(bodies[key])}


def answers(pool: Pool | Threads, *bodies: bytes | Path) -> list[object]:
    """Give the results of a few bodies in their order."""
    return [result for _, result in sorted(results(pool, dict(enumerate(bodies))), key=lambda pair: pair[0])]


def gone(pids: Iterable[int], limit: float = 20.0) -> bool:
    """Wait until none of these processes is there."""
    give_up = time.monotonic() + limit
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > give_up:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize(
    ("body", "error", "limits"),
    [
        (b"die:", DecoderCrashed("the worker died of it twice, the second time with SIGKILL"), {}),
        (b"crash:", DecoderCrashed("the worker died of it twice, the second time with SIGSEGV"), {}),
        (b"leave:", DecoderCrashed("the worker died of it twice, the second time with status 3"), {}),
        (b"devour:", DecoderMemory("needs more than 1024 MiB, tried twice"), {}),
        (b"hang:", DecoderTimeout("not done after 2 s, twice"), {"timeout": 2.0}),
    ],
    ids=["SIGKILL", "SIGSEGV", "exit", "memory", "time"],
)
def test_of_500_bodies_the_deadly_one_is_named(body, error, limits):
    """499 results are right, one is the error that says what became of the worker."""
    bodies = bodies_with({250: body})
    with open_pool(**limits) as pool:
        [(key, result)] = wrong(bodies, results(pool, bodies)).items()
    assert (key, type(result), str(result)) == (250, type(error), str(error))


def test_many_deadly_ones_are_each_named():
    """Neighbours of several are right as well, wherever they stand."""
    odd = {0: b"die:", 1: b"leave:", 2: b"crash:", 57: b"die:", 58: b"devour:", 59: b"refuse:so", 119: b"leave:"}
    bodies = bodies_with(odd, 120)
    with open_pool() as pool:
        found = wrong(bodies, results(pool, bodies))
    assert sorted(found) == sorted(odd)
    assert {key for key, error in found.items() if isinstance(error, DecoderMemory)} == {58}


def test_a_death_that_does_not_come_again_is_nobodys_fault(tmp_path):
    """A body that was in work when its worker died is done again."""
    bodies = bodies_with({250: f"once:{tmp_path / 'died'}".encode()})
    with open_pool() as pool:
        assert wrong(bodies, results(pool, bodies)) == {250: "answered"}


def test_workers_killed_from_outside_cost_nothing():
    """Each worker is killed once in the middle: 500 results, all right."""
    bodies = bodies_with({})
    with open_pool() as pool:
        victims = {int(pid) for pid in answers(pool, *[b"process:"] * 100)}
        found = {}
        for key, result in results(pool, bodies):
            found[key] = result
            if len(found) > 100 and victims:
                os.kill(victims.pop(), signal.SIGKILL)
        successors = {int(pid) for pid in answers(pool, *[b"process:"] * 100)}
    assert not victims
    assert successors
    assert wrong(bodies, found.items()) == {}


def test_a_suspect_has_its_worker_for_itself():
    """Neither does it join others nor do others join it; those share a worker up to its depth."""
    seat = Seat(get_context("forkserver"), Orders(pickle.dumps(works.work), LIMITS.memory, LIMITS.timeout))
    with ExitStack() as stack:
        stack.callback(seat.end)
        suspect, other = Job("suspect", b"nap:0", suspected=True), Job("other", b"")
        assert seat.takes(suspect)
        seat.hand(suspect)
        assert not seat.takes(other)
        assert seat.hear() is None
        assert seat.hear() == (suspect, "0")
        seat.hand(other)
        assert not seat.takes(suspect)
        for _ in range(ahead.DEPTH - 1):
            assert seat.takes(other)
            seat.hand(other)
        assert not seat.takes(other)


def test_while_a_suspect_is_tried_others_go_to_other_workers(tmp_path):
    """What its dead worker had in hand, every second one, is done by the worker that does not try it."""
    with open_pool() as pool:
        answered = answers(pool, f"late:{tmp_path / 'died'}".encode(), *[b"process:"] * 7)
    late, *others = answered[::2]
    assert late not in others
    assert len(set(others)) == 1


def test_time_is_counted_for_each_image_alone():
    """Neither several slow ones after each other nor waiting for work end a worker."""
    with open_pool(workers=1, timeout=2.0) as pool:
        [before] = answers(pool, b"process:")
        assert answers(pool, *[b"nap:0.7"] * 3) == ["0.7"] * 3
        time.sleep(2.2)
        assert answers(pool, b"process:") == [before]


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_room_is_bounded_in_number(make):
    """A few for each worker; one more is refused; results give room again."""
    with make() as pool:
        for number in range(2 * ahead.DEPTH):
            assert pool.room == 2 * ahead.DEPTH - number
            pool.submit(number, b"nap:0.2")
        assert (pool.room, pool.under_way) == (0, 2 * ahead.DEPTH)
        with pytest.raises(RuntimeError, match="no room"):
            pool.submit("more", b"")
        while pool.under_way:
            pool.done(0.25)
        assert pool.room == 2 * ahead.DEPTH


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_room_is_bounded_in_bytes(make, tmp_path):
    """Large bodies leave no room long before their number does; files count nothing."""
    large = bytes(ahead.BYTES // 2)
    (tmp_path / "large").write_bytes(large)
    with make() as pool:
        pool.submit(0, tmp_path / "large")
        pool.submit(1, large)
        assert pool.room
        pool.submit(2, large)
        assert not pool.room
        found = []
        while pool.under_way:
            found += pool.done(0.25)
        assert sorted(found) == [(number, digest(large)) for number in range(3)]
        assert pool.room == 2 * ahead.DEPTH


def test_handing_over_never_waits():
    """Large bodies are taken while every worker is busy for long."""
    with open_pool() as pool:
        for number in range(2):
            pool.submit(number, b"nap:30")
        start = time.monotonic()
        for number in range(3):
            pool.submit(2 + number, bytes(20 << 20))
        assert time.monotonic() - start < 10
        assert pool.under_way == 5


@pytest.mark.parametrize("make", [open_pool, open_threads])
@pytest.mark.parametrize("size", [0, 1, SLOT, SLOT + 1, 9 << 20])
def test_bodies_and_results_of_every_size(make, size, tmp_path):
    """What goes over is what was given, in memory or as a file, and so is what comes back."""
    body = os.urandom(size)
    path = tmp_path / "body"
    path.write_bytes(body)
    with make() as pool:
        assert answers(pool, body, path) == [digest(body)] * 2
        assert answers(pool, f"thrive:{size}".encode()) == [bytes(size)]


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_results_wait_to_be_taken(make):
    """Results larger than any pipe stay until they are asked for; asking with nothing under way waits for nothing."""
    with make() as pool:
        for number in range(2 * ahead.DEPTH):
            pool.submit(number, b"thrive:3000000")
        time.sleep(0.5)
        found = []
        while pool.under_way:
            found += pool.done(0.25)
        assert [len(result) for _, result in found] == [3_000_000] * 2 * ahead.DEPTH
        start = time.monotonic()
        assert list(pool.done(30.0)) == []
        assert time.monotonic() - start < 10


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_all_results_there_are_come_at_once(make):
    """Who looks once a beat is not held to one result a beat."""
    with make() as pool:
        answers(pool, *[b"warm"] * 50)
        for number in range(2 * ahead.DEPTH):
            pool.submit(number, b"")
        time.sleep(1.5)
        assert len(pool.done(0.25)) == 2 * ahead.DEPTH


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_our_errors_are_values_and_the_job_goes_on(make):
    """A refusal is the result of its own body; one that ends the job is raised."""
    with make() as pool:
        refusal, good = answers(pool, b"refuse:broken", b"good")
        assert (type(refusal), refusal.detail, good) == (DecoderCrashed, "broken", digest(b"good"))
        with pytest.raises(OutputError, match="disk full"):
            answers(pool, b"stop:disk full")


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_no_memory_is_named(make):
    """MemoryError is no bug."""
    with make() as pool:
        assert isinstance(answers(pool, b"exhaust:")[0], DecoderMemory)


@pytest.mark.parametrize("make", [open_pool, open_threads])
def test_a_file_that_is_gone_ends_the_job(make, tmp_path):
    """The bytes were there when they were handed over: it is the machine that lost them."""
    with make() as pool, pytest.raises(OutputError, match=r"cannot read '.*missing' again: No such file"):
        answers(pool, tmp_path / "missing")


@pytest.mark.parametrize(("make", "error"), [(open_pool, RuntimeError), (open_threads, ZeroDivisionError)])
def test_a_bug_in_the_work_is_loud(make, error):
    """It is raised where it is seen, and says what and where."""
    with make() as pool, pytest.raises(error) as raised:
        answers(pool, b"fail:halves")
    assert "halves" in str(raised.value)
    if make is open_pool:
        assert "a bug in the work on 0" in str(raised.value)
        assert 'works.py", line' in str(raised.value)


def test_a_result_that_cannot_cross_is_a_bug():
    """The worker says so, and no one waits."""
    with open_pool() as pool, pytest.raises(RuntimeError, match=r"(?s)a bug.*lambda"):
        answers(pool, b"lambda_back:")


@pytest.mark.parametrize(
    ("work", "limits", "reason"),
    [
        (works.Unloadable(), {}, "ImportError: no module named 'codec'"),
        (works.Fatal(), {}, "3 in a row died while starting, the last with status 9"),
        (works.Greedy(), {"memory": 256 << 20}, "MemoryError"),
    ],
    ids=["import", "death", "memory"],
)
def test_workers_that_cannot_start_are_one_clear_error(work, limits, reason):
    """No endless restarts: the job ends, and says what to do."""
    with pytest.raises(OutputError) as raised, open_pool(work, **limits) as pool:
        answers(pool, b"any")
    assert reason in str(raised.value)
    assert "--worker-memory" in str(raised.value)


def test_a_start_that_fails_now_and_then_is_tried_again(tmp_path):
    """Workers that die while starting cost nothing, and are counted anew once one was ready."""
    with open_pool(works.Frail(str(tmp_path / "starts")), workers=1) as pool:
        named, good = answers(pool, b"die:", b"good")
    assert isinstance(named, DecoderCrashed)
    assert good == digest(b"good")
    assert (tmp_path / "starts").stat().st_size == 9


def test_an_interrupt_is_the_parents_to_hear():
    """A worker that gets SIGINT, as the whole group does, goes on."""
    with open_pool(workers=1) as pool:
        [before] = answers(pool, b"process:")
        os.kill(int(before), signal.SIGINT)
        assert answers(pool, b"nap:0.2", b"process:") == ["0.2", before]


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_closing_leaves_no_process(error):
    """Workers that would never return are gone when the block is left, also by an exception."""
    try:
        with open_pool() as pool:
            pids = {int(pid) for pid in answers(pool, *[b"process:"] * 50)}
            for number in range(8):
                pool.submit(number, b"hang:")
            if error:
                raise error
    except KeyboardInterrupt:
        assert error
    assert pids
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


PROGRAM = """
import sys
from downloader.postprocess.pool import Pool, PoolLimits
from tests.postprocess import works
from tests.postprocess.test_pool import answers

if __name__ == "__main__":
    with Pool(works.work, PoolLimits(2, 1 << 30, 50.0)) as pool:
        {body}
"""


def program(tmp_path: Path, body: str) -> subprocess.Popen:
    """Start a program of its own that has a pool."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM.format(body=body))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )


def descendants(pid: int) -> set[int]:
    """Give all processes below this one."""
    children = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return children.union(*map(descendants, children))


def test_what_workers_write_is_not_the_programs_output(tmp_path):
    """Neither stream carries a word of theirs, and the end is silent."""
    with program(tmp_path, "print(answers(pool, b'babble:noise', b'die:')[0])") as running:
        assert running.communicate(timeout=50) == ("noise\n", "")
        assert running.returncode == 0


def test_a_killed_parent_leaves_nothing(tmp_path):
    """Workers in native code that never returns die with it; the memory they share has no name that could stay."""
    body = """
        print(len(answers(pool, *[b"process:"] * 50)), flush=True)
        for number in range(8):
            pool.submit(number, b"hang:")
        pool.done(50)
    """
    with program(tmp_path, body.strip()) as running:
        assert running.stdout.readline() == "50\n"
        below = descendants(running.pid)
        workers = [pid for pid in below if "memfd:images" in Path(f"/proc/{pid}/maps").read_text()]
        named = [pid for pid in below if "/dev/shm/" in Path(f"/proc/{pid}/maps").read_text()]  # noqa: S108
        time.sleep(0.5)  # until they are at it
        running.kill()
        assert gone(below)
    assert (len(workers), named) == (2, [])
