"""The tree of errors."""

import pickle
import re

import pytest

from downloader import errors
from downloader.errors import BY_CODE, DownloaderError, FetchError, Permanent, ProcessError, Transient


def descendants(kind):
    """Give every class below this one."""
    return [each for child in kind.__subclasses__() for each in (child, *descendants(child))]


FETCH_LEAVES = [kind for kind in descendants(FetchError) if kind not in (Transient, Permanent)]
LEAVES = [*FETCH_LEAVES, *descendants(ProcessError)]


def test_every_leaf_is_known_by_its_code():
    """No leaf is missing from the table, and no two share a code."""
    assert set(BY_CODE.values()) == set(LEAVES)
    assert len(BY_CODE) == len(LEAVES)
    assert all(BY_CODE[leaf.code] is leaf for leaf in LEAVES)


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_leaf_has_what_a_person_needs(leaf):
    """A kebab-case code, one line of advice, and a docstring."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", leaf.code)
    assert leaf.advice
    assert "\n" not in leaf.advice
    assert not leaf.advice.endswith(".")
    assert leaf.__doc__
    assert errors.advice(leaf.code) == leaf.advice


@pytest.mark.parametrize("leaf", FETCH_LEAVES)
def test_the_branch_decides(leaf):
    """Each leaf is transient or permanent, never both, and its code says the same."""
    assert issubclass(leaf, Transient) != issubclass(leaf, Permanent)
    assert errors.is_transient(leaf.code) == issubclass(leaf, Transient)


@pytest.mark.parametrize(
    ("transient", "codes"),
    [
        (True, "dns unreachable host-down proxy reset timed-out too-slow truncated busy server-error missing damaged"),
        (
            False,
            "no-such-host not-found gone forbidden http-status not-an-image empty too-large bad-url "
            "private-address bad-reply too-many-redirects tls hash-mismatch",
        ),
    ],
)
def test_codes_stand_in_manifests_and_stay(transient, codes):
    """Codes are read by other programs: they change neither name nor branch."""
    assert {leaf.code for leaf in FETCH_LEAVES if issubclass(leaf, Transient) is transient} == set(codes.split())


def test_what_cannot_be_worked_on_is_not_asked_again():
    """Their codes stay as well, no run asks again by itself, and two have a flag that helps."""
    codes = {leaf.code for leaf in descendants(ProcessError)}
    broken = {"undecodable", "truncated-image", "unencodable"}
    assert codes == broken | {"decoder-crashed", "decoder-timeout", "decoder-memory"}
    assert not any(map(errors.is_transient, codes))
    assert errors.remedy("decoder-timeout") == "--process-timeout 60"
    assert errors.remedy("decoder-memory") == "--worker-memory 2G"


@pytest.mark.parametrize("kind", [errors.Filtered, *descendants(ProcessError)])
def test_errors_cross_from_the_workers(kind):
    """They come as pickles, and say here what they said there, on one line."""
    sent = pickle.loads(pickle.dumps(kind("8 bytes\nof \x1b[31m")))  # noqa: S301
    assert type(sent) is kind
    assert (sent.detail, sent.code) == ("8 bytes of \ufffd[31m", kind.code)


def test_other_codes_are_no_reason_to_ask_again():
    """What is not of this tree is not transient and has no advice."""
    for code in ("process", "filtered", "", "no such code"):
        assert not errors.is_transient(code)
        assert errors.advice(code) == ""


@pytest.mark.parametrize(
    ("kind", "status"),
    [(DownloaderError, 1), (errors.UsageError, 2), (errors.OutputError, 6), (errors.InputError, 7)],
)
def test_exit_statuses(kind, status):
    """A script can tell what went wrong by the exit status."""
    assert kind.exit_status == status


def test_refusals_are_no_os_errors():
    """HTTP libraries wrap any OSError they meet as their own connection error."""
    assert not [kind for kind in descendants(DownloaderError) if issubclass(kind, OSError)]


def test_an_error_carries_detail_and_wait():
    """What was met, and how long the server asks to wait."""
    error = errors.Busy("status 429", retry_after=7.0)
    assert (str(error), error.detail, error.retry_after) == ("status 429", "status 429", 7.0)
    assert errors.Reset("x").retry_after is None
