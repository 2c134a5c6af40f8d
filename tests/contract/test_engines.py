"""What every engine must do beyond judging replies: concurrency, connections, retries, and who did it."""

import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from downloader import Saved, Settings, download
from downloader.job import Job, run_job
from downloader.model import Committed, Line
from downloader.ports import Control
from tests.contract.conftest import QUICK, Fetch
from tests.support.hostile import Connection, HostileServer, Script, answer, good
from tests.support.servers import ParallelHTTPServer

PARALLEL = ("thread", "async", "curl")


def together(count: int) -> Script:
    """Make a script that answers when so many requests are under way, and lets one more show itself."""

    def script(connection: Connection, visit: int) -> bool | None:
        give_up = time.monotonic() + 10
        while connection.server.most_in_flight < count and time.monotonic() < give_up:
            connection.sleep(0.01)
        connection.sleep(0.1)
        return good(connection, visit)

    return script


@pytest.mark.parametrize("engine", PARALLEL, indirect=True)
def test_jobs_bounds_how_many_are_at_work(fetch: Fetch, hostile: HostileServer) -> None:
    """As many requests as permits are under way at once, and never more."""
    hostile.scripts["/together/*"] = together(6)
    urls = [hostile.url("/good.jpg"), *(hostile.url(f"/together/{n}") for n in range(24))]  # the first proves the host
    found = fetch(urls, jobs=6, per_host=0)
    assert all(isinstance(outcome, Saved) for outcome in found.values())
    assert hostile.most_in_flight == 6


@pytest.mark.parametrize("engine", PARALLEL, indirect=True)
def test_per_host_bounds_a_host(fetch: Fetch, hostile: HostileServer) -> None:
    """One host gets its share, however many permits are free."""
    hostile.scripts["/together/*"] = together(3)
    urls = [hostile.url("/good.jpg"), *(hostile.url(f"/together/{n}") for n in range(12))]
    fetch(urls, jobs=12, per_host=3)
    assert hostile.most_in_flight == 3


@pytest.mark.parametrize("engine", ["sequential"], indirect=True)
def test_sequential_is_one_after_another(fetch: Fetch, hostile: HostileServer) -> None:
    """The baseline has one request under way at a time."""
    fetch([hostile.url(f"/images/{n}.jpg") for n in range(12)], jobs=12)
    assert hostile.most_in_flight == 1


def test_connections_are_kept_alive(fetch: Fetch, hostile: HostileServer) -> None:
    """No more connections are made than permits, though redirects and refusals come between, with bodies or without."""
    hostile.scripts["/bare/*"] = answer(b"", "Location: /good.jpg", status="302 Found")
    hostile.scripts["/gone/*"] = answer(b"", status="404 Not Found")
    paths = [f"/{kind}/{n}" for kind in ("images", "bare", "gone") for n in range(20)]
    paths[5:5] = ["/404.jpg", "/page.jpg", "/redirect-with-body"]
    fetch(map(hostile.url, paths), jobs=4)
    assert hostile.hits.total() >= 83
    assert hostile.connections <= 5  # a page is refused in its middle, which costs its connection


@pytest.mark.parametrize("path", ["/stale.jpg", "/stale-reset.jpg"])
def test_a_stale_connection_costs_no_attempt(fetch: Fetch, hostile: HostileServer, path: str) -> None:
    """A kept connection that the server had closed is replaced silently, once."""
    urls = [hostile.url("/good.jpg"), hostile.url(path), hostile.url(f"{path}?again")]
    found = fetch(urls, jobs=1, retries=0)
    assert {url: outcome.status for url, outcome in found.items()} == dict.fromkeys(urls, "saved")
    assert hostile.hits[path] > 2  # it did happen


def test_requests_are_the_same(fetch: Fetch, hostile: HostileServer) -> None:
    """Every engine asks in the same words: exact bytes, an honest name, no cookies, the host it was given."""
    fetch([hostile.url("/good.jpg?a=%2f[1]&b=ü")])
    [request] = hostile.requests
    assert request.target == "/good.jpg?a=%2F%5B1%5D&b=%C3%BC"
    fields = request.headers
    assert fields.pop("user-agent").startswith("parallel-image-downloader/")
    assert fields.pop("connection", "keep-alive") == "keep-alive"
    assert fields == {"host": hostile.host, "accept": "image/*,*/*;q=0.8", "accept-encoding": "identity"}


def test_retry_after_is_waited_for(fetch: Fetch, hostile: HostileServer) -> None:
    """A host that asks for a second gets it, while others go on."""
    found = fetch([hostile.url("/429-once.jpg"), hostile.url("/good.jpg")], jobs=1)
    assert all(isinstance(outcome, Saved) for outcome in found.values())
    [waited] = [later - earlier for earlier, later in pairwise(hostile.times["/429-once.jpg"])]
    assert waited >= 1.0
    assert hostile.times["/good.jpg"][0] < hostile.times["/429-once.jpg"][1]


def test_a_waiting_retry_holds_no_permit(fetch: Fetch, hostile: HostileServer) -> None:
    """With one permit, many images are fetched while another waits for its retry."""
    urls = [hostile.url("/429-once.jpg"), *(hostile.url(f"/images/{n}.jpg") for n in range(20))]
    fetch(urls, jobs=1)
    order = [request.path for request in hostile.requests]
    assert order[0] == order[-1] == "/429-once.jpg"


@pytest.mark.parametrize("path", ["/drip.jpg", "/drip-head.jpg", "/drip-chunks.jpg", "/endless-interim.jpg"])
def test_the_whole_attempt_is_bounded(fetch: Fetch, hostile: HostileServer, path: str) -> None:
    """A server that is never silent holds a worker no longer than --timeout."""
    [outcome] = fetch([hostile.url(path)], timeout=1.5, read_timeout=20, retries=0).values()
    assert outcome.code == "timed-out"
    assert 1.5 <= outcome.effort.seconds < 6


def test_outcomes_say_who_did_it(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """Threads are named with their native ids, each of its own in the thread engine; tasks are named."""
    report = download([hostile.url(f"/slow/{n}") for n in range(4)], tmp_path, **QUICK | {"engine": engine})
    workers = {outcome.effort.worker for outcome in report.outcomes}
    names = {worker.name for worker in workers}
    assert names == ({"sequential"} if engine == "sequential" else {f"image-{n}" for n in range(4)})
    ids = Counter(worker.native_id for worker in workers)
    assert ids == Counter({None: 4}) if engine == "async" else None not in ids
    for outcome in report.outcomes:
        assert outcome.effort.last - outcome.effort.first >= 0.3
        assert abs(outcome.effort.last - time.time()) < 60


def test_nobody_asks_once_the_job_is_over(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """When a job ends by an error, kept connections that wait are hung up on, and their images not asked again."""

    def refuse(event: object) -> None:
        if isinstance(event, Committed) and len(event.outcomes):
            raise ZeroDivisionError

    warm = [hostile.url(f"/images/{n}.jpg") for n in range(4)]
    settings = Settings.of(**QUICK | {"engine": engine, "output": tmp_path, "jobs": 2})
    urls = [*warm, hostile.url("/silence.jpg"), hostile.url("/silence.jpg?again")]
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError):
        run_job(Job([Line(url) for url in urls], settings), None, [refuse])
    asked = hostile.hits["/silence.jpg"]
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith(("hostile", "dns")):
            thread.join(10)
            assert not thread.is_alive()
    assert hostile.hits["/silence.jpg"] == asked


@pytest.mark.parametrize("engine", PARALLEL, indirect=True)
def test_a_slow_consumer_makes_no_time_outs(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """While nobody takes results, the clock of those who wait stands still."""
    naps = [3.5]

    def nap(event: object) -> None:
        if isinstance(event, Committed) and len(event.outcomes) and naps:
            time.sleep(naps.pop())

    settings = Settings.of(**QUICK | {"engine": engine, "output": tmp_path, "jobs": 8, "timeout": 3, "retries": 0})
    lines = [Line(hostile.url(f"/slow/{n}")) for n in range(24)]
    report = run_job(Job(lines, settings), None, [nap])
    assert (report.saved, naps) == (24, [])


def test_a_paused_job_asks_nothing(engine: str, hostile: HostileServer, tmp_path: Path) -> None:
    """Until it is resumed, and then it goes on to its end."""
    control, reports = Control(), []
    control.pause()
    settings = Settings.of(**QUICK | {"engine": engine, "output": tmp_path})
    job = Job([Line(hostile.url(f"/images/{n}.jpg")) for n in range(6)], settings)
    thread = threading.Thread(target=lambda: reports.append(run_job(job, control)))
    thread.start()
    time.sleep(1.0)
    asked = hostile.hits.total()
    control.resume()
    thread.join(30)
    assert (asked, [report.saved for report in reports]) == (0, [6])


def test_no_worker_outlives_the_job(fetch: Fetch, hostile: HostileServer) -> None:
    """Every thread an engine started is joined when the job is over."""
    before = set(threading.enumerate())
    fetch(map(hostile.url, ["/good.jpg", "/500.jpg", "/silence.jpg", "/404.jpg"]), retries=0, read_timeout=1)
    left = {thread for thread in threading.enumerate() if thread not in before and not thread.daemon}
    assert {thread.name for thread in left if not thread.name.startswith(("hostile", "dns"))} == set()


@pytest.mark.parametrize("wrong", ["unknown", "expired", "wrong-host"])
def test_bad_certificates_are_refused(fetch: Fetch, hostile_over_tls, tls, wrong: str) -> None:
    """A certificate that cannot be trusted is no matter of trying again."""
    server = hostile_over_tls(tls.bad[wrong])
    [outcome] = fetch([server.url("/good.jpg")], ca_file=tls.ca_file).values()
    assert (outcome.code, outcome.effort.attempts, server.hits.total()) == ("tls", 1, 0)


def test_good_certificates_are_taken(fetch: Fetch, hostile_over_tls, tls) -> None:
    """Over TLS too: kept connections, redirects, deadlines and cut bodies."""
    server = hostile_over_tls()
    codes = {"/good.jpg": None, "/chain/2": None, "/length-too-long.jpg": "truncated", "/drip.jpg": "timed-out",
             "/silence.jpg": "timed-out", "/reset-before-head.jpg": "reset", "/chunked.jpg": None}  # fmt: skip
    hasty = {"timeout": 2, "read_timeout": 1}
    found = fetch(map(server.url, codes), ca_file=tls.ca_file, retries=0, jobs=1, **hasty)
    assert {urlsplit(url).path: outcome.code for url, outcome in found.items()} == codes


def test_plain_http_on_a_tls_port_and_the_reverse(fetch: Fetch, hostile: HostileServer, hostile_over_tls) -> None:
    """Speaking the wrong protocol ends in an outcome."""
    secure = hostile_over_tls()
    urls = [hostile.url("/good.jpg").replace("http:", "https:"), secure.url("/good.jpg").replace("https:", "http:")]
    found = fetch(urls, retries=0, connect_timeout=2)
    assert sorted(outcome.code or "" for outcome in found.values()) == ["reset", "timed-out"]


def test_nothing_answers(fetch: Fetch, tmp_path: Path) -> None:
    """A refused connection is transient."""
    with HostileServer({}) as gone:
        url = gone.url("/a.jpg")
    [outcome] = fetch([url]).values()
    assert (outcome.code, outcome.effort.attempts) == ("unreachable", 2)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "127.1", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
def test_private_addresses_are_refused(fetch: Fetch, hostile: HostileServer, host: str) -> None:
    """No spelling of a private address is connected to unless it is allowed."""
    [outcome] = fetch([f"http://{host}:{hostile.port}/good.jpg"], allow_host=["elsewhere.example"]).values()
    assert (outcome.code, hostile.connections) == ("private-address", 0)


def test_a_redirect_to_a_private_address_is_refused(fetch: Fetch, hostile: HostileServer) -> None:
    """Allowing one host opens no other, and no other port of it."""
    with HostileServer({"/canary.jpg": answer(b"")}) as canary:
        hostile.scripts["/go"] = answer(b"", f"Location: {canary.url('/canary.jpg')}", status="302 Found")
        [outcome] = fetch([hostile.url("/go")], allow_host=[hostile.host]).values()
        assert (outcome.code, canary.connections) == ("private-address", 0)


def test_large_bodies_are_spooled(fetch: Fetch, httpserver: ParallelHTTPServer, tmp_path: Path) -> None:
    """A body past a mebibyte gets to its final name byte for byte."""
    body = b"\xff\xd8\xff" + bytes(range(256)) * 12_000
    httpserver.expect_request("/large.jpg").respond_with_data(body, content_type="image/jpeg")
    [outcome] = fetch([httpserver.url_for("/large.jpg")]).values()
    assert isinstance(outcome, Saved)
    assert (tmp_path / "out" / outcome.path).read_bytes() == body
