"""Tickets parked on disk: a whole job, and the lot by itself."""

import math
from pathlib import Path

from downloader import download
from downloader.manifest.lot import Lot
from downloader.model import Effort, Task
from downloader.policy.supply import Ticket
from tests.support.hostile import HostileServer, sized
from tests.support.images import jpeg


def ticket(index: int, due: float, **more: object) -> Ticket:
    """Make a ticket that waits."""
    made = Ticket(Task(index, f"http://host/{index}", "host:80", f"list:{index}", {"label": "cat"} if index else {}))
    made.due, made.attempt, made.first = due, 2, 5.5
    for name, value in more.items():
        setattr(made, name, value)
    return made


def told(parked: Ticket) -> tuple[object, ...]:
    """Give all that a ticket has to remember."""
    return parked.task, dict(parked.task.columns), parked.due, parked.attempt, parked.first, parked.spent


def test_a_lot_gives_back_what_it_took(tmp_path: Path):
    """Everything a ticket has been through comes back, the soonest due first, and the file goes."""
    spent = Effort(2, 1.5, 1000.0, 1010.0)
    tickets = [ticket(0, 30.0), ticket(1, 10.0, spent=spent), ticket(2, 20.0), ticket(3, 10.0)]
    lot = Lot(tmp_path / "parked.sqlite")
    assert not lot.take(5, math.inf)
    assert not list(tmp_path.iterdir()), "nothing was parked: no file"
    lot.park(tickets[:2])
    lot.park(tickets[2:])
    assert len(lot) == 4
    assert [told(each) for each in lot.take(1, math.inf)] == [told(tickets[1])]
    assert [each.task.index for each in lot.take(9, 20.0)] == [3, 2]
    assert [told(each) for each in lot.take(9, math.inf)] == [told(tickets[0])]
    assert len(lot) == 0
    lot.close()
    assert not list(tmp_path.iterdir())


def test_what_a_crash_left_is_forgotten(tmp_path: Path):
    """The next run asks it anew, from the list."""
    first = Lot(tmp_path / "parked.sqlite")
    first.park([ticket(0, 1.0)])
    second = Lot(tmp_path / "parked.sqlite")
    second.park([ticket(7, 1.0)])
    assert [each.task.index for each in second.take(9, math.inf)] == [7]
    first.close()
    second.close()


def test_a_job_goes_on_beside_a_patient_host(tmp_path: Path, hostile: HostileServer):
    """A host that asks for patience and comes first in the list holds up nobody, and its images come in the end."""
    image = sized(jpeg(2000, seed=1))

    def patient(connection, visit):
        if visit == 1:
            connection.send(b"HTTP/1.1 429 Busy\r\nRetry-After: 8\r\nContent-Length: 0\r\n\r\n")
            return True
        connection.send(image)
        return True

    def at_once(connection, _):
        connection.send(image)
        return True

    hostile.scripts = {"/first": patient, "/a/*": at_once, "/b/*": at_once}
    with HostileServer(hostile.scripts) as other:
        urls = [hostile.url("/first"), *(hostile.url(f"/a/{n}") for n in range(60))]
        urls += [other.url(f"/b/{n}") for n in range(60)]
        report = download(urls, tmp_path, allow_private=True, jobs=4, look_ahead=20, retries=2)
        assert (report.saved, report.failures, report.attempts) == (121, 0, 122)
        rest_ends = hostile.times["/first"][0] + 8.0
        assert max(max(times) for times in other.times.values()) < rest_ends - 1.0
        assert all(min(times) >= rest_ends for path, times in hostile.times.items() if path != "/first")
    assert not list((tmp_path / ".downloader").glob("parked*"))
