"""``downloader submit``: any list that ``get`` takes, handed to a service and followed."""

import gzip
import http.server
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.doors.running import Ran, finish, start
from tests.doors.talking import say
from tests.service.serving import LIMIT, Served, image_urls, images

TOKEN = "a-token-that-nobody-guesses-0123456789"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that asks for a token."""
    folder = tmp_path_factory.mktemp("closed") / "data"
    with Served(folder, "--allow-host", "127.0.0.1", token=TOKEN) as running:
        running.client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield running


def submit(service: Served, folder: Path, *args: object, **env: str) -> Ran:
    """Run the command in a folder."""
    return say(folder, "submit", "--to", service.url, *args, env=env)


def job_of(ran: Ran, service: Served) -> str:
    """Give the job whose address was printed."""
    [line] = ran.out.splitlines()
    address, _, job = line.removeprefix("the job is at ").rpartition("/")
    assert address == f"{service.url}/#/jobs"
    return job


def test_a_list_is_followed_to_its_end(service: Served, server: ImageServer, tmp_path: Path) -> None:
    """The status and the words are those of ``get``: 3 for what failed for good, with its cause."""
    (tmp_path / "urls.txt").write_text("\n".join([*image_urls(server, 5), server.url(1) + ".gone"]))
    ran = submit(service, tmp_path, "-i", "urls.txt", "--wait", "--title", "six lines")
    assert ran.status == 3, ran.err
    assert "saved 5 of 6, skipped 0, failed 1" in ran.err
    assert "1 not-found  " in ran.err
    found = service.job(job_of(ran, service))
    assert (found["status"], found["name"], found["counts"]["saved"]) == ("done", "six lines", 5)


def test_without_wait_it_leaves_at_once(service: Served, server: ImageServer, tmp_path: Path) -> None:
    """Status 0 and the address; the job goes on by itself."""
    ran = submit(service, tmp_path, server.url(7))
    assert (ran.status, ran.err) == (0, "")
    assert service.ended(job_of(ran, service))["counts"]["saved"] == 1


def test_tables_keep_their_columns(service: Served, server: ImageServer, tmp_path: Path) -> None:
    """A packed table with a column of another name, a part of it, and what stdin holds: read here as ``get`` does."""
    rows = "".join(f"{server.url(index)},cat {index}\n" for index in range(5))
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(f"image_url,label\n{rows}".encode()))
    ran = submit(service, tmp_path, "-i", "table.csv.gz", "--url-col", "image_url", "--skip", 1, "--limit", 3, "--wait")
    assert "saved 3 of 3" in ran.err
    items = service.get(f"/api/v1/jobs/{job_of(ran, service)}/items")["items"]
    assert [(item["url"], item["columns"]) for item in items] == [
        (server.url(index), {"label": f"cat {index}"}) for index in (1, 2, 3)
    ]


def test_stdin_and_ranges(service: Served, server: ImageServer, tmp_path: Path) -> None:
    """Both are read before anything is sent; a line that is no URL is a failure of the job's."""
    pattern = server.url(0).replace("-0.", "-[0:3].")
    process = start("submit", "--to", service.url, "-i", "-", "--expand", "--wait")
    ran = finish(process, f"{pattern}\nnonsense\n")
    assert ran.status == 3
    assert "saved 4 of 5, skipped 0, failed 1" in ran.err
    assert "1 bad-url" in ran.err


def test_settings_go_along(service: Served, server: ImageServer, tmp_path: Path) -> None:
    """Flags are written as the API takes them: sizes in bytes, times in seconds, steps whole."""
    flags = ("--jobs", 3, "--max-bytes", "1M", "--timeout", "1m", "--formats", "jpeg,png",
             "--process", "resize=64,center-crop,convert=webp,80")  # fmt: skip
    ran = submit(service, tmp_path, server.url(0), *flags, "--wait")
    assert ran.status == 0, ran.err
    assert service.job(job_of(ran, service))["options"] == {
        "jobs": 3, "max-bytes": 1 << 20, "timeout": 60.0, "formats": ["jpeg", "png"],
        "process": ["resize=64,center-crop", "convert=webp,80"],
    }  # fmt: skip


def test_a_key_makes_one_job(service: Served, server: ImageServer, tmp_path: Path) -> None:
    """The same list with the same key is the same job, another list with it is refused."""
    first, again = (submit(service, tmp_path, *image_urls(server, 2), "--key", "monday", "--wait") for _ in range(2))
    assert (first.status, again.status) == (0, 0)
    assert job_of(first, service) == job_of(again, service)
    other = submit(service, tmp_path, server.url(9), "--key", "monday")
    assert other.status == 2
    assert "make a new one" in other.err


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("https://example.com/a.jpg", "--jobs", 9999), 2, "jobs"),
        (("https://example.com/a.jpg", "--timeout", "soon"), 2, "--timeout cannot be 'soon'"),
        (("https://example.com/a.jpg", "--to", "localhost:8080"), 2, "write it like http://127.0.0.1:8080"),
        (("https://example.com/a.jpg", "--to", "http://127.0.0.1:99999"), 2, "write it like http://127.0.0.1:8080"),
        (("-i", "none.txt"), 7, "there is no list 'none.txt'"),
        (("-i", "empty.txt"), 7, "there is nothing to submit"),
        ((), 2, "nothing to submit"),
        (("https://example.com/a.jpg", "--token-file", "none"), 2, "the token file 'none' cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line(
    service: Served, tmp_path: Path, args: tuple[object, ...], status: int, said: str
) -> None:
    """Of the request, of the list or of the service's bounds; nothing becomes a job."""
    (tmp_path / "empty.txt").touch()
    before = len(service.get("/api/v1/jobs?limit=200")["jobs"])
    ran = submit(service, tmp_path, *args)
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err.splitlines()[-1]
    assert len(service.get("/api/v1/jobs?limit=200")["jobs"]) == before


def test_a_token_opens(closed: Served, tmp_path: Path) -> None:
    """From a file or from the environment, never from the command line; without it, one line says so."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    url = "http://127.0.0.1:1/a.jpg"
    assert submit(closed, tmp_path, url, "--token-file", "token").status == 0
    assert submit(closed, tmp_path, url, DOWNLOADER_TOKEN=TOKEN).status == 0
    for env in ({}, {"DOWNLOADER_TOKEN": f"{TOKEN}x"}):
        ran = submit(closed, tmp_path, url, **env)
        assert (ran.status, "a token is needed" in ran.err) == (2, True)


def test_a_service_that_is_not_there_yet(data: Path, server: ImageServer, tmp_path: Path) -> None:
    """It is waited for, and the token that it makes at its first start is found; past its patience the status is 5."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    ran = say(tmp_path, "submit", "--to", address, "--patience", "0s", server.url(0))
    assert (ran.status, ran.err.count("\n")) == (5, 1)
    assert f"nothing answers at {address}: Connection refused" in ran.err
    token = data / "token"
    waiting = start("submit", "--to", address, "--patience", "40s", "--token-file", token, "--wait", server.url(0))
    flags = ("--port", port, "--token-file", token, "--allow-host", "127.0.0.1")
    with Served(data, *flags):
        ran = finish(waiting)
    assert ran.status == 0, ran.err
    assert "saved 1 of 1" in ran.err


def test_the_waiting_outlives_the_service(data: Path, tmp_path: Path) -> None:
    """A service that is killed and started again while it is waited for ends the job, and the waiting."""
    port = _free_port()
    with images(latency=0.1) as server, Served(data, "--port", port, "--allow-host", "127.0.0.1") as service:
        (tmp_path / "urls.txt").write_text("\n".join(image_urls(server, 200)))
        process = start("submit", "--to", service.url, "-i", tmp_path / "urls.txt", "--patience", "40s", "--wait")
        assert process.stdout
        job = process.stdout.readline().rstrip().rpartition("/")[2]
        service.until(job, lambda found: found["counts"]["saved"] >= 40)
        service.kill()
        service.start()
        ran = finish(process)
    assert ran.status == 0, ran.err
    assert "saved 200 of 200" in ran.err


def test_a_job_that_is_cancelled(data: Path, tmp_path: Path) -> None:
    """Status 143, as of a run that was told to stop; and Ctrl-C ends the waiting, not the job."""
    with images(latency=0.3) as server, Served(data, "--allow-host", "127.0.0.1") as service:
        (tmp_path / "urls.txt").write_text("\n".join(image_urls(server, 200)))
        process = start("submit", "--to", service.url, "-i", tmp_path / "urls.txt", "--wait", "--jobs", 2)
        assert process.stdout
        job = process.stdout.readline().rstrip().rpartition("/")[2]
        service.until(job, lambda found: found["counts"]["saved"] >= 2)
        process.send_signal(signal.SIGINT)
        assert finish(process).status == 130
        assert service.job(job)["status"] == "running"
        args = ("submit", "--to", service.url, "-i", tmp_path / "urls.txt", "--wait", "--jobs", 2)
        process = start(*args)
        assert process.stdout
        job = process.stdout.readline().rstrip().rpartition("/")[2]
        service.until(job, lambda found: found["counts"]["saved"] >= 2)
        assert service.say(job, "cancel").status_code == 202
        ran = finish(process)
        assert ran.status == 143
        assert "the job was cancelled" in ran.err


class _Stranger(http.server.BaseHTTPRequestHandler):
    """Another program's server: answers everything with a page, or leads elsewhere."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))  # type: ignore[attr-defined]
        self.send_response(302 if self.path == "/healthz" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


def test_another_server_is_told_nothing(tmp_path: Path) -> None:
    """What is no service of ours is found out before the token is sent, and a redirect is not followed."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _Stranger)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        ran = say(tmp_path, "submit", "--to", address, "http://x.example/a.jpg", env={"DOWNLOADER_TOKEN": TOKEN})
    finally:
        server.shutdown()
        thread.join(LIMIT)
        server.server_close()
    assert ran.status == 2
    assert ran.err == "downloader: what answers there is no service of this kind: check the address\n"
    assert server.asked == [("/healthz", None)]  # type: ignore[attr-defined]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
