"""Jobs: submitted, listed, paused, resumed, cancelled, tried again, deleted."""

import asyncio
import secrets
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from downloader.errors import BY_CODE
from downloader.service.intake import Submission
from downloader.service.limits import laid_over
from downloader.service.operations import ID, JSON, Answer, Ask, Operation, Param, Reply
from downloader.service.problems import Problem
from downloader.service.states import State
from downloader.service.store import Key, Record
from downloader.service.supervisor import Supervisor

PATH = "/api/v1/jobs"
ONE = f"{PATH}/{{id:{ID}}}"

_CODES = "|".join(sorted(BY_CODE))


async def submit(ask: Ask) -> web.StreamResponse:
    """Queue a new job; the same Idempotency-Key again gives the job that it brought the first time."""
    service = ask.service
    await _check_room(ask)
    job = secrets.token_urlsafe(16)
    folder = service.supervisor.folder(job)
    submission = await service.reception.received(ask.request, folder)
    try:
        await asyncio.to_thread(laid_over, service.serving.settings, submission.options)
        record = await _queued(ask, job, submission)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise
    if record.id != job:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    headers = {"Location": f"{PATH}/{record.id}"} | ({"Idempotent-Replayed": "true"} if record.id != job else {})
    return web.json_response(service.supervisor.runs.describe(record), status=202, headers=headers)


async def _check_room(ask: Ask) -> None:
    service = ask.service
    if service.supervisor.closing:
        raise Problem(503, "the service is ending: try again in a minute", {"Retry-After": "60"})
    if await asyncio.to_thread(service.store.unended) >= service.serving.bounds.waiting:
        raise Problem(429, "too many jobs wait already: try again when some have ended", {"Retry-After": "60"})
    if (await asyncio.to_thread(shutil.disk_usage, service.serving.data)).free < service.serving.disk_floor:
        raise Problem(507, "the disk is nearly full: delete jobs, or give the service more room")


async def _queued(ask: Ask, job: str, submission: Submission) -> Record:
    store = ask.service.store
    key = None
    if text := ask.given.get("Idempotency-Key"):
        submission.digest.update(ask.request.content_type.encode())
        key = Key(text, submission.digest.hexdigest())
    name = submission.name.encode("utf-8", "backslashreplace").decode()  # JSON can hold halves of characters
    record = Record(job, submission.list, name, options=submission.options)
    added = await ask.service.supervisor.submit(record, key)
    if added or key is None:
        return added or record
    found: tuple[str, str] | None = await asyncio.to_thread(store.known, key)
    if found is None or found[1] != key.digest:
        raise Problem(422, f"the Idempotency-Key {key.key!r} came with another request before: make a new one")
    return await ask.service.supervisor.find(found[0])


async def listed(ask: Ask) -> web.StreamResponse:
    """Give a page of the jobs, the latest first."""
    given, store = ask.given, ask.service.store
    before = int(given["cursor"]) if "cursor" in given else None
    most = given.get("limit", 50)
    states = given["status"].split(",") if "status" in given else ()
    records = await asyncio.to_thread(store.page, before, most, states)
    after = str(records[-1].number) if len(records) == most else None
    return web.json_response({"jobs": [ask.service.supervisor.runs.describe(each) for each in records], "next": after})


async def one(ask: Ask) -> web.StreamResponse:
    """Give a job."""
    supervisor = ask.service.supervisor
    return web.json_response(supervisor.runs.describe(await supervisor.find(ask.job)))


async def delete(ask: Ask) -> web.StreamResponse:
    """Delete a job that has ended or not begun, with its images."""
    await ask.service.supervisor.delete(ask.job)
    return web.Response(status=204)


async def retry(ask: Ask) -> web.StreamResponse:
    """Ask the failures of a job again: those of some codes, or all."""
    codes = ask.given["code"].split(",") if "code" in ask.given else []
    supervisor = ask.service.supervisor
    return web.json_response(supervisor.runs.describe(await supervisor.retry(ask.job, codes)), status=202)


def _word(say: Callable[[Supervisor], Callable[[str], Awaitable[Record]]]) -> Answer:
    async def answer(ask: Ask) -> web.StreamResponse:
        supervisor = ask.service.supervisor
        return web.json_response(supervisor.runs.describe(await say(supervisor)(ask.job)), status=202)

    return answer


_ACCEPTED = {202: Reply("the job as it stands now", schema="Job")}
_GONE = {204: Reply("it is gone", media="")}
_STATES = "|".join(state.value for state in State)

_RETRIED = Param("code", {"type": "string", "pattern": f"^({_CODES})(,({_CODES}))*$"}, "codes, commas between")

_KEY = Param("Idempotency-Key", {"type": "string", "pattern": "^[!-~]{1,200}$"}, "the same again, no new job", "header")

_SUBMISSION: dict[str, Any] = {
    "params": [_KEY],
    "bodies": {JSON: "Submission", "text/plain": "List", "multipart/form-data": "Upload"},
    "problems": (408, 413, 415, 422, 429, 503, 507),
}

OPERATIONS = (
    Operation("POST", PATH, submit, "Submit a job",
              {202: Reply("the job is queued", schema="Job", headers={"Location": "where the job is"})}, **_SUBMISSION),
    Operation("GET", PATH, listed, "List jobs, the latest first", {200: Reply("a page", schema="Jobs")}, params=[
        Param("cursor", {"type": "string", "pattern": "^[1-9][0-9]{0,14}$"}, "'next' of the page before"),
        Param("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "most jobs of a page"),
        Param("status", {"type": "string", "pattern": f"^({_STATES})(,({_STATES}))*$"}, "states, commas between"),
    ]),
    Operation("GET", ONE, one, "Look at a job", {200: Reply("the job", schema="Job")}),
    Operation("DELETE", ONE, delete, "Delete a job and its images", _GONE, problems=(409,)),
    Operation("POST", f"{ONE}/pause", _word(lambda jobs: jobs.pause), "Start nothing more of a job", _ACCEPTED,
              problems=(409,)),
    Operation("POST", f"{ONE}/resume", _word(lambda jobs: jobs.resume), "Go on with a job", _ACCEPTED, problems=(409,)),
    Operation("POST", f"{ONE}/cancel", _word(lambda jobs: jobs.cancel), "Stop a job", _ACCEPTED, problems=(409,)),
    Operation("POST", f"{ONE}/retry", retry, "Ask failures again", _ACCEPTED, params=[_RETRIED], problems=(409,)),
)  # fmt: skip
"""What can be asked of jobs."""
