"""The service keeps to its /openapi.json: what the description allows is taken, and what it does not is refused."""

import secrets
from collections.abc import Iterator
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from downloader.service.api import OPERATIONS
from downloader.service.openapi import plain
from tests.service.serving import Served, image_urls, images

EXAMPLES = 15
BEYOND = {GenerationMode.POSITIVE: "multipart/form-data", GenerationMode.NEGATIVE: "text/plain"}
"""What no schema can say: that a file's name must end in .csv or the like, and that any text is a text."""

TOKEN = "a-token-for-whoever-makes-things-up"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

TOLD = [(each.method, plain(each.path)) for each in OPERATIONS if not each.path.endswith("/events")]
"""All operations but the streams, which do not end."""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that asks nobody: what is made up are names that no look-up finds."""
    folder = tmp_path_factory.mktemp("fuzzed") / "data"
    with Served(folder, "--max-waiting", 100_000, "--retries", 0, token=TOKEN) as running:
        running.client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield running


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize(("method", "path"), TOLD)
def test_it_is_as_described(fuzzed: Served, method: str, path: str, mode: GenerationMode) -> None:
    """Statuses, types and shapes of all answers are those described, whatever is sent: as it should be, or not."""
    operation = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")[path][method]
    cases = operation.as_strategy(generation_mode=mode)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(cases)
    def fuzz(case: schemathesis.Case) -> None:
        assume(case.media_type != BEYOND[mode])
        if mode is GenerationMode.POSITIVE and "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = secrets.token_hex()  # nor that a key is for one request
        case.call_and_validate(timeout=30, headers=dict(BEARER))

    with suppress(Unsatisfiable):  # there is nothing that could be wrong
        fuzz()


def test_the_description_names_every_route(fuzzed: Served) -> None:
    """And says of each who may use it."""
    paths = fuzzed.get("/openapi.json")["paths"]
    assert len(paths) >= 20
    for path, methods in paths.items():
        for method, told in methods.items():
            assert told["summary"], (method, path)
            assert ("security" in told) == (path in ("/healthz", "/readyz", "/openapi.json", "/api/v1/session")), path


def test_what_comes_back_is_as_described(fuzzed: Served) -> None:
    """A job that has run, with all its resources, has the shapes that the description gives."""
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")
    with images() as server:
        job = fuzzed.submit([*image_urls(server, 3), "bad:url"])
        fuzzed.ended(job)
    for path in (
        "/api/v1/jobs/{id}",
        "/api/v1/jobs/{id}/items",
        "/api/v1/jobs/{id}/failures",
        "/api/v1/jobs/{id}/items/{index}",
    ):
        case = schema[path]["GET"].Case(path_parameters={"id": job, "index": 0})
        case.call_and_validate(headers=dict(BEARER))
