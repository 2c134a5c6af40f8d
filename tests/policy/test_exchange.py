"""The judgement of one attempt, hop by hop."""

import gzip
import hashlib
import struct
import time
import zlib
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader import errors
from downloader.policy.exchange import RESIDUE, Exchange, Follow, Read
from downloader.policy.fields import HEAD_BYTES
from downloader.settings import Limits
from tests.policy.splits import split
from tests.policy.test_inflate import raw_deflate
from tests.support import images

URL = "http://example.com/a/b.jpg"
JPEG = images.jpeg(3000)
NOW = datetime(2024, 5, 17, 12, 0, 0, tzinfo=UTC)


class Kept:
    """A body in memory."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))

    def close(self):
        return b"".join(self.parts)


def exchange(retry_after_max=300.0, **limits):
    """Make an exchange for one attempt at noon."""
    return Exchange(URL, Limits(**limits), retry_after_max, Kept(), NOW.timestamp)


def lengths(body, *more):
    """Give headers that announce a body's length."""
    return [("Content-Type", "image/jpeg"), ("Content-Length", str(len(body))), *more]


CHUNKED = [("Transfer-Encoding", "chunked")]


def judged(body, headers=None, chunks=None, **limits):
    """Take one whole answer of status 200 through an exchange."""
    attempt = exchange(**limits)
    assert attempt.start(200, lengths(body) if headers is None else headers) == Read()
    for chunk in [body] if chunks is None else chunks:
        attempt.feed(chunk)
    return attempt.finish()


def test_a_good_answer_is_a_payload():
    """The payload tells body, size, sum, format, place and validators, and nothing is changed."""
    headers = lengths(JPEG, ("ETag", '"one"'), ("Last-Modified", "Tue, 15 Nov 1994 12:45:26 GMT"))
    payload = judged(JPEG, headers)
    assert payload.body == JPEG
    assert payload.image.size == len(JPEG)
    assert payload.image.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert payload.image.format == "jpeg"
    assert payload.image.final_url == URL
    assert payload.image.http_status == 200
    assert payload.image.etag == '"one"'
    assert payload.image.last_modified == "Tue, 15 Nov 1994 12:45:26 GMT"


STATUSES = {
    errors.Forbidden: [401, 403, 451],
    errors.ProxyFailed: [407],
    errors.NotFound: [404],
    errors.Gone: [410],
    errors.TimedOut: [408],
    errors.Busy: [425, 429, 503],
    errors.ServerError: [500, 502, 504, *range(520, 530)],
    errors.HttpStatus: [
        100,
        101,
        103,
        201,
        204,
        206,
        300,
        304,
        305,
        400,
        402,
        405,
        406,
        416,
        418,
        501,
        505,
        530,
        999,
    ],
}


@pytest.mark.parametrize(("kind", "status"), [(kind, status) for kind, all_ in STATUSES.items() for status in all_])
def test_every_status_has_its_error(kind, status):
    """A status that is not 200 is refused by its kind, and remembered."""
    attempt = exchange()
    with pytest.raises(errors.FetchError) as error:
        attempt.start(status, [])
    assert type(error.value) is kind
    assert attempt.status == status
    assert str(status) in error.value.detail


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        (["3000"], None),
        (["03000"], None),
        ([" 3000 "], None),
        (["3000", "3000"], errors.BadReply),
        (["3000, 3000"], errors.BadReply),
        (["3000", "2999"], errors.BadReply),
        (["3000, 2999"], errors.BadReply),
        (["-1"], errors.BadReply),
        (["+3000"], errors.BadReply),
        (["3000.0"], errors.BadReply),
        (["0x100"], errors.BadReply),
        (["many"], errors.BadReply),
        ([""], errors.BadReply),
        (["3_000"], errors.BadReply),
        (["\uff13\uff10\uff10\uff10"], errors.BadReply),
        (["9" * 40], errors.BadReply),
        (["0"], errors.Empty),
    ],
)
def test_the_announced_length_is_judged(values, outcome):
    """One decimal number, said once; anything else breaks the rules."""
    headers = [("content-length", value) for value in values]
    if outcome is None:
        assert judged(JPEG, headers).image.size == 3000
        return
    with pytest.raises(outcome):
        exchange().start(200, headers)


def test_length_and_chunked_together_are_refused():
    """A reply that is framed twice is how requests are smuggled (RFC 9112 §6.3)."""
    with pytest.raises(errors.BadReply):
        exchange().start(200, lengths(JPEG, *CHUNKED))


@pytest.mark.parametrize("came", [0, 1, 2999])
def test_less_than_announced_is_truncated(came):
    """A body shorter than announced is not whole, even an empty one."""
    with pytest.raises(errors.Truncated):
        judged(JPEG, lengths(JPEG), [JPEG[:came]])


@pytest.mark.parametrize("headers", [[], CHUNKED])
def test_no_bytes_are_empty(headers):
    """A good status without a byte is an error of its own."""
    with pytest.raises(errors.Empty):
        judged(b"", headers)


@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "webp"])
def test_without_a_length_the_picture_must_have_its_end(name):
    """Where nothing else tells that a body is whole, its format does."""
    body = {"jpeg": JPEG, "png": images.png(), "gif": images.gif(), "webp": images.webp()}[name]
    assert judged(body, []).image.format == name
    assert body[-2:-1] != b";"
    with pytest.raises(errors.Truncated):
        judged(body[:-1], [])


def test_with_a_length_the_picture_may_lack_its_end():
    """What the server keeps is what it keeps: whole by its length is whole."""
    assert judged(JPEG[:-100]).image.size == 2900


@pytest.mark.parametrize("headers", [[], CHUNKED, None])
def test_the_limit_is_the_last_size_allowed(headers):
    """Exactly --max-bytes is taken, one more is not."""
    assert judged(JPEG, headers, max_bytes=3000).image.size == 3000
    with pytest.raises(errors.TooLarge):
        judged(JPEG, headers, max_bytes=2999)


def test_too_much_announced_is_refused_before_a_byte():
    """Nothing is read of a body that is announced too large."""
    with pytest.raises(errors.TooLarge):
        exchange(max_bytes=2999).start(200, lengths(JPEG))


def test_too_much_is_refused_as_it_comes():
    """An endless body is met at the limit, and no byte past it is written."""
    attempt = exchange(max_bytes=10_000)
    attempt.start(200, CHUNKED)
    for _ in range(3):
        attempt.feed(JPEG)
    with pytest.raises(errors.TooLarge):
        attempt.feed(JPEG)
    assert len(attempt._body.close()) <= 10_000


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_met_by_the_limit(coding):
    """A megabyte that inflates to a gigabyte costs no more than the limit, in time and in memory."""
    body = JPEG + bytes(20 << 20)
    wire = gzipped(body) if coding == "gzip" else zlib.compress(body)
    attempt = exchange(max_bytes=1 << 20)
    attempt.start(200, [("Content-Encoding", coding)])
    with pytest.raises(errors.TooLarge, match="decoded"):
        attempt.feed(wire)
    assert len(attempt._body.close()) <= 1 << 20


def gzipped(data):
    """Compress without the time of day."""
    return gzip.compress(data, mtime=0)


ENCODED = {
    "none": ([], lambda body: body),
    "identity": ([("Content-Encoding", "Identity")], lambda body: body),
    "gzip": ([("Content-Encoding", "gzip")], gzipped),
    "x-gzip": ([("content-encoding", "X-GZIP")], gzipped),
    "members": (
        [("Content-Encoding", "gzip")],
        lambda body: gzipped(body[:500]) + gzipped(body[500:]),
    ),
    "zlib": ([("Content-Encoding", "deflate")], zlib.compress),
    "raw": ([("Content-Encoding", "deflate")], raw_deflate),
}


@pytest.mark.parametrize("coding", ENCODED)
@pytest.mark.parametrize("announced", [True, False])
def test_known_codings_are_removed(coding, announced):
    """What is stored is the body with its Content-Encoding removed."""
    headers, encode = ENCODED[coding]
    wire = encode(JPEG)
    payload = judged(wire, headers + (lengths(wire) if announced else []))
    assert payload.body == JPEG
    assert payload.image.size == len(JPEG)
    assert payload.image.sha256 == hashlib.sha256(JPEG).hexdigest()


@pytest.mark.parametrize("values", [["br"], ["zstd"], ["gzip, gzip"], ["gzip", "br"], ["compress"], ["b;q"]])
def test_other_codings_are_refused(values):
    """What was not asked for is not stored as if it were an image."""
    with pytest.raises(errors.BadReply, match="Content-Encoding"):
        exchange().start(200, [("Content-Encoding", value) for value in values])


@pytest.mark.parametrize("coding", ["gzip", "zlib", "raw"])
def test_a_compressed_body_that_ends_early_is_truncated(coding):
    """The stream's own end decides, whatever the length says."""
    headers, encode = ENCODED[coding]
    wire = encode(JPEG)[:-1] if coding != "raw" else encode(JPEG)[:-4]
    for more in ([], lengths(wire)):
        with pytest.raises(errors.Truncated):
            judged(wire, headers + more)


def test_a_corrupt_body_is_a_bad_reply():
    """Bytes that are not what Content-Encoding says break the rules."""
    with pytest.raises(errors.BadReply, match="corrupt"):
        judged(JPEG, lengths(JPEG, ("Content-Encoding", "gzip")))


PAGE = b"<!doctype html><html><body>" + b"no " * 100


@pytest.mark.parametrize("body", [PAGE, PAGE[:20], b'{"a": 1}', b"\0", b"%PDF-1.7 " * 50])
def test_what_is_no_image_is_refused(body):
    """The bytes decide, not the Content-Type; the refusal shows how they begin."""
    with pytest.raises(errors.NotAnImage) as error:
        judged(body)
    assert error.value.detail.isprintable()


def test_what_is_no_image_is_refused_early():
    """64 bytes are enough to stop reading."""
    attempt = exchange()
    attempt.start(200, CHUNKED)
    with pytest.raises(errors.NotAnImage):
        attempt.feed(PAGE[:64])


def test_any_body_can_be_accepted():
    """With --accept any, a page is stored, and an image still has its format."""
    assert judged(PAGE, accept="any").image.format == ""
    assert judged(JPEG, accept="any").image.format == "jpeg"
    assert judged(PAGE, [], accept="any").body == PAGE


@pytest.mark.parametrize("value", ["a\0b", "a\rb", "a\nb", "a\r\n b", "a\x7fb", "\x01"])
@pytest.mark.parametrize("status", [200, 302, 404])
def test_control_characters_in_a_header_are_refused(value, status):
    """Libraries differ in whether they notice; the rule is one (RFC 9110 §5.5)."""
    with pytest.raises(errors.BadReply, match="control character"):
        exchange().start(status, lengths(JPEG, ("Location", "/b.jpg"), ("X-Odd", value)))


def test_tabs_and_letters_beyond_ascii_are_allowed_in_a_header():
    """A tab is whitespace, and bytes past ASCII are opaque (RFC 9110 §5.5)."""
    assert judged(JPEG, lengths(JPEG, ("X-Odd", "a\tb\xfc\x80"))).image.size == 3000


@pytest.mark.parametrize("names", [1, 100])
def test_a_head_has_a_limit(names):
    """64 KiB of header lines are taken, more are not, in one line or in many."""

    def lines(size):
        each = size // names
        return [("X-Long", "x" * (each - len("X-Long") - 4))] * names

    assert isinstance(exchange().start(200, lines(HEAD_BYTES)), Read)
    with pytest.raises(errors.BadReply, match="head"):
        exchange().start(200, lines(HEAD_BYTES + 100))


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status):
    """Each redirect gives the next hop, judged from where it stands, and the payload names the last."""
    attempt = exchange()
    assert attempt.start(status, [("Location", "c.jpg")]) == Follow("http://example.com/a/c.jpg")
    assert attempt.status is None
    assert attempt.start(302, [("location", "//other.example/d")]) == Follow("http://other.example/d")
    assert attempt.start(302, [("LOCATION", "e")]) == Follow("http://other.example/e")
    assert attempt.start(200, lengths(JPEG)) == Read()
    attempt.feed(JPEG)
    assert attempt.finish().image.final_url == "http://other.example/e"


@pytest.mark.parametrize("most", [0, 1, 5])
def test_redirects_are_counted(most):
    """So many hops are followed and no more."""
    attempt = exchange(max_redirects=most)
    for hop in range(most):
        assert isinstance(attempt.start(302, [("Location", f"/{hop}")]), Follow)
    with pytest.raises(errors.TooManyRedirects):
        attempt.start(302, [("Location", "/more")])
    assert attempt.status == 302


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ([], errors.BadReply),
        ([("Location", "file:///etc/passwd")], errors.BadUrl),
        ([("Location", "data:image/png;base64,AAAA")], errors.BadUrl),
        ([("Location", "http://[/")], errors.BadUrl),
    ],
)
def test_bad_redirects_are_refused(headers, kind):
    """A redirect that leads nowhere we may go is refused under its status."""
    attempt = exchange()
    with pytest.raises(kind):
        attempt.start(302, headers)
    assert attempt.status == 302


def test_a_hops_headers_do_not_linger():
    """Length and coding of a redirect say nothing of the answer behind it."""
    attempt = exchange()
    attempt.start(302, [("Location", "/c"), ("Content-Length", "9000"), ("Content-Encoding", "br"), ("ETag", '"r"')])
    attempt.start(200, [("Content-Type", "image/jpeg")])
    attempt.feed(JPEG)
    payload = attempt.finish()
    assert payload.image.size == 3000
    assert payload.image.etag is None


# --- patience


def refusal(status, value, **options):
    """Give the error of a refusal with this Retry-After."""
    with pytest.raises(errors.FetchError) as error:
        exchange(**options).start(status, [("Retry-After", value)])
    return error.value


@pytest.mark.parametrize("status", [429, 503, 500, 408])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("300", 300.0),
        ("Fri, 17 May 2024 12:00:09 GMT", 9.0),
        ("Friday, 17-May-24 12:00:09 GMT", 9.0),
        ("Fri May 17 12:00:09 2024", 9.0),
        ("Fri, 17 May 2024 12:00:09 -0000", 9.0),
        ("Fri, 17 May 2024 11:00:00 GMT", 0.0),
        ("-7", None),
        ("7.5", None),
        ("soon", None),
        ("", None),
        ("\u0667", None),
        ("Fri, 99 May 2024 12:00:09 GMT", None),
    ],
)
def test_retry_after_is_read(status, value, wait):
    """Seconds or any of HTTP's three forms of date, from now and never negative; nonsense is none."""
    error = refusal(status, value)
    assert error.retry_after == wait
    assert status in STATUSES[type(error)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_dates_without_a_zone_are_gmt(zone, monkeypatch):
    """HTTP's dates are always GMT (RFC 9110 §5.6.7), wherever the machine stands."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert refusal(503, "Fri May 17 12:00:09 2024").retry_after == 9.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("value", ["301", "999999999999999999999", "Sat, 18 May 2024 12:00:00 GMT"])
@pytest.mark.parametrize("status", [429, 503, 500])
def test_too_long_a_wait_is_busy(status, value):
    """A wait past --retry-after-max is told as such, whatever the status; the wait is kept beside it."""
    error = refusal(status, value)
    assert type(error) is errors.Busy
    assert error.retry_after > 300
    assert "--retry-after-max" in error.detail


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refusals_for_good_take_no_wait(status):
    """What will not change has no time to wait for."""
    assert refusal(status, "7").retry_after is None


@given(st.one_of(st.text(max_size=40), st.datetimes(timezones=st.just(UTC)).map(format_datetime)))
def test_no_retry_after_crashes(value):
    """Whatever a server writes is a wait, or none, or a broken header."""
    error = refusal(503, value)
    assert isinstance(error, errors.Busy | errors.BadReply)
    assert error.retry_after is None or error.retry_after >= 0


# --- what is left on the connection


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (404, [("Content-Length", "500")], 500),
        (404, [("Content-Length", str(RESIDUE))], RESIDUE),
        (404, [("Content-Length", str(RESIDUE + 1))], None),
        (404, CHUNKED, RESIDUE),
        (404, [("Content-Length", "0")], 0),
        (404, [], None),
        (302, [("Location", "/b"), ("Content-Length", "9")], 9),
        (302, [("Location", "/b"), ("Content-Length", "900000000")], None),
    ],
)
def test_small_bodies_nobody_wants_are_worth_reading(status, headers, expected):
    """A connection is kept where that is cheaper than a new one."""
    attempt = exchange()
    try:
        attempt.start(status, headers)
    except errors.FetchError:
        assert status == 404
    assert attempt.residue == expected


@pytest.mark.parametrize(("headers", "said"), [(lengths(JPEG), "100 of 3000 bytes"), (CHUNKED, "after 100 bytes")])
def test_a_lost_connection_says_how_far_it_came(headers, said):
    """The detail names what came, and of how much if that is known."""
    attempt = exchange()
    attempt.start(200, headers)
    attempt.feed(JPEG[:100])
    with pytest.raises(errors.Truncated, match=said):
        attempt.lost()


def test_where_the_end_is_the_connections_the_body_is_judged():
    """A reset may end a body that is whole, and one that is not is told by its own end."""
    for body, whole in ((JPEG, True), (JPEG[:-100], False)):
        attempt = exchange()
        attempt.start(200, [])
        attempt.feed(body)
        attempt.lost()
        if whole:
            assert attempt.finish().image.size == len(JPEG)
        else:
            with pytest.raises(errors.Truncated):
                attempt.finish()


# --- where the network cuts


def late_brand(at):
    """Make the head of a still image whose telling brand stands this far behind its start."""
    brands = b"mif1" * ((at - 16) // 4) + b"avif"
    return struct.pack(">I", 16 + len(brands)) + b"ftypmif1" + bytes(4) + brands + b"x" * 100


BODIES = {
    "jpeg": images.jpeg(600),
    "png": images.png(),
    "webp": images.webp(),
    "page": PAGE,
    "early brand": late_brand(32),
    "late brand": late_brand(80),
    "short": b"\xff\xd8\xff",
    "empty": b"",
}


def verdict(wire, headers, chunks):
    """Give the payload, or the error's kind and words."""
    try:
        return judged(wire, headers, chunks)
    except errors.FetchError as error:
        return type(error), error.detail if not isinstance(error, errors.BadReply) else ""


@given(
    data=st.data(),
    body=st.sampled_from(sorted(BODIES)),
    coding=st.sampled_from(sorted(ENCODED)),
    announced=st.booleans(),
    lost=st.sampled_from([0, 0, 0, 1, 50]),
)
def test_any_split_gives_the_same_verdict(data, body, coding, announced, lost):
    """Where the network cuts the stream changes neither payload, nor sum, nor error."""
    headers, encode = ENCODED[coding]
    wire = encode(BODIES[body])
    if announced and wire:
        headers = headers + lengths(wire)
    came = wire[: max(0, len(wire) - lost)]
    assert verdict(came, headers, data.draw(split(came))) == verdict(came, headers, [came])
