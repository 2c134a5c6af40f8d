"""The compose file's service and demo: the page, the token, and what a stop of the container leaves."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.container.counting import counting
from tests.container.project import HARDENED, LIMIT, Project, wait_for
from tests.container.test_compose import GRACE, HARDENING, LOCKED

pytestmark = [pytest.mark.container, pytest.mark.timeout(1200)]

JOBS = "/api/v1/jobs"
DEMO = "images.demo.invalid:8000"
COUNT = 120
"""Images of a job: three of them take some 20 s, two at once."""


class Service:
    """The service of a project, asked from outside at the port it publishes."""

    def __init__(self, project: Project) -> None:
        self.url = f"http://127.0.0.1:{project.port}"
        wait_for(self._answers)
        self.token = project.engine.run("exec", project.container("serve"), "cat", "/data/token").out.strip()

    def _answers(self) -> bool:
        try:
            return self.raw("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def raw(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Give the status and the body of an answer."""
        asked = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310 - the loopback
        try:
            with urllib.request.urlopen(asked, timeout=20) as reply:  # noqa: S310 - the loopback
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ask(self, method: str, path: str, say: Any = None) -> tuple[int, Any]:
        """Give the status and the JSON of an answer, with the token."""
        body = None if say is None else json.dumps(say).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        status, answer = self.raw(method, path, body, **headers)
        return status, json.loads(answer)

    def submit(self, urls: list[str]) -> str:
        """Make a job of URLs."""
        status, job = self.ask("POST", JOBS, {"urls": urls})
        assert status == 202, job
        return str(job["id"])

    def job(self, job: str) -> dict[str, Any]:
        """Look at a job."""
        return dict(self.ask("GET", f"{JOBS}/{job}")[1])

    def ended(self, job: str) -> dict[str, Any]:
        """Wait until a job has ended."""
        wait_for(lambda: self.job(job)["ended"] is not None, LIMIT)
        return self.job(job)


def first_words(project: Project) -> list[str]:
    """Give the lines of the service's log that tell where the page is."""
    return re.findall(r"the page is at (\S+)", project.log("serve"))


def test_the_demo(project: Project):
    """One command: a finished job with ten images on the page; once more, and it is still that one job."""
    for _ in range(2):
        project.compose("up", "--detach", profiles=["demo"])
        wait_for(lambda: not project.is_running("demo"), LIMIT)
        assert project.status("demo") == 0, project.log("demo")
    said = project.log("demo")
    service = Service(project)
    address = f"http://127.0.0.1:{project.port}/#/jobs/"
    assert "saved 10 of 10, skipped 0, failed 0" in said
    status, found = service.ask("GET", JOBS)
    [job] = found["jobs"]
    assert (status, job["status"], job["name"], job["counts"]["saved"]) == (200, "done", "ten images", 10)
    assert f"the job is at {address}{job['id']}" in said
    assert service.raw("GET", "/")[0] == 200
    token = {"Authorization": f"Bearer {service.token}"}
    for index in range(10):
        shown, body = service.raw("GET", f"{JOBS}/{job['id']}/items/{index}/thumbnail", **token)
        assert (shown, body[8:12]) == (200, b"WEBP")


def test_the_first_up(project: Project):
    """It works as it is: well, locked down, its token told once and never again, and no private address is asked."""
    project.compose("up", "--detach", profiles=[])
    service, container = Service(project), project.container("serve")
    assert first_words(project) == [f"{service.url}/#token={service.token}"]
    assert service.raw("GET", JOBS)[0] == 401
    project.engine.run("exec", container, "downloader", "health")
    if "podman" in project.engine.name:
        project.engine.run("healthcheck", "run", container)
    locked = project.engine.run("exec", container, "/opt/downloader/bin/python", "-c", HARDENING).out
    assert json.loads(locked.splitlines()[-1]) == LOCKED
    project.serve_images()
    private, unknown = ("http://imageserver:8000/image-0.jpg", "http://169.254.169.254/a.jpg"), f"http://{DEMO}/a.jpg"
    assert service.ended(service.submit([*private]))["codes"] == {"private-address": 2}
    project.compose("stop", "imageserver")
    [code] = service.ended(service.submit([unknown]))["codes"]
    assert code in ("dns", "no-such-host")
    project.compose("stop", "serve")
    project.compose("up", "--detach", profiles=[])
    again = Service(project)
    assert (again.token, len(first_words(project))) == (service.token, 2)
    assert first_words(project)[1] == f"{service.url}/"


def test_its_flags_are_variables(project: Project):
    """What the service takes besides the settings comes from who calls, too."""
    project.compose("up", "--detach", "serve", DOWNLOADER_MAX_URLS="3", DOWNLOADER_JOBS="2")
    service = Service(project)
    urls = [f"http://127.0.0.1/{number}.jpg" for number in range(4)]
    assert service.ask("POST", JOBS, {"urls": urls})[0] == 422
    assert service.ask("POST", JOBS, {"urls": urls[:3]})[0] == 202
    assert service.ask("POST", JOBS, {"urls": urls[:1], "options": {"jobs": 3}})[0] == 422


def test_a_stop_in_the_middle(project: Project):
    """SIGTERM with jobs at work: 0 within the grace; started again they go on and end, and nothing is asked for twice.

    But for an image that takes longer than the service may wait: it is cut off, and was not there yet.
    """
    with counting(project, latency=0.2) as server:
        project.compose("up", "--detach", "serve", DOWNLOADER_ALLOW_HOST=server.host)
        service = Service(project)
        lists = [[server.url(number * COUNT + index) for index in range(COUNT)] for number in range(3)]
        lists[1].insert(3, server.slow(0))
        jobs = [service.submit(urls) for urls in lists]
        wait_for(lambda: all(service.job(job)["counts"]["saved"] >= 10 for job in jobs[:2]))
        assert [service.job(job)["status"] for job in jobs] == ["running", "running", "queued"]
        status, seconds = project.stop("serve")
        assert (status, seconds < GRACE) == (0, True)
        before = server.hits()
        assert before[server.slow(0)] == 1
        assert 20 <= len(before) < 3 * COUNT, "it was all done before the stop"
        project.compose("up", "--detach", "serve", DOWNLOADER_ALLOW_HOST=server.host)
        service = Service(project)
        for job, urls in zip(jobs, lists, strict=True):
            found = service.ended(job)
            assert (found["status"], found["counts"]) == ("done", {"saved": len(urls), "skipped": 0, "failed": 0})
        hits = server.hits()
        assert hits.pop(server.slow(0)) <= 2
        assert hits == dict.fromkeys((url for urls in lists for url in urls if url != server.slow(0)), 1)


def test_a_data_folder_of_somebody_else(project: Project, home: Path):
    """One sentence with user, owner and what to do, whether it is the token that cannot be made or the jobs' folder."""
    folder = home / "mine"
    folder.mkdir(mode=0o755)
    serving = ("--volume", f"{folder}:/data", "--env", "DOWNLOADER_HOST=0.0.0.0", "--env", "DOWNLOADER_DATA=/data")
    for secret in ("DOWNLOADER_TOKEN_FILE=/data/token", "DOWNLOADER_TOKEN=a-token-that-nobody-guesses"):
        words = ("run", "--rm", *HARDENED, *serving, "--env", secret, project.image.tag, "serve")
        [line] = project.engine.run(*words, status=6).err.strip().splitlines()
        assert re.search(r"'/data': no permission for user 10001, '/data' belongs to user \d+; .*chown -R 10001", line)
