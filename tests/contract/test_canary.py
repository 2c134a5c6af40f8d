"""No trick of names, spellings or redirects connects to a private address: a canary there hears nobody, in any engine.

The canary sits on 127.0.0.1 and ::1 and answers good images, so that whoever reached it would even be pleased.
127.0.0.2, on the same port, plays the public internet: load stays on the loopback.
"""

import random
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme

from downloader import Outcome, Saved, Settings
from downloader.job import Job, run_job
from downloader.model import Committed, Line
from downloader.policy import guard
from tests.contract.conftest import QUICK
from tests.support.canary import PUBLIC, Canary, Neighbour, beside_a_canary
from tests.support.hostile import JPEG, Script, raw, redirect, sized
from tests.support.spellings import MAY_END

PRIVATE = "127.0.0.1"

Ask: TypeAlias = Callable[..., dict[str, str]]

once: Script = raw(sized(JPEG, "Connection: close"))
"""A good image that costs its connection, so that the next one needs a look-up and a judgement of its own."""


class Names:
    """A name table as ``socket.getaddrinfo`` gives it: each name has its answers in turn, the last one for ever.

    What it does not hold is read as the system reads addresses, and asked of no name server.
    """

    def __init__(self, **table: Sequence[Sequence[str]]) -> None:
        self._left = {name.replace("_", "."): list(answers) for name, answers in table.items()}

    def __call__(self, host: str, *_: object, **how: Any) -> Sequence[tuple[Any, ...]]:
        """Look a name up."""
        if host not in self._left:
            return socket.getaddrinfo(host, None, **how, flags=socket.AI_NUMERICHOST)
        left = self._left[host]
        return [(0, 0, 0, "", (each, 0)) for each in (left.pop(0) if len(left) > 1 else left[0])]


@pytest.fixture(autouse=True)
def one_address_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have 127.0.0.2 judged as public, so that a public server can stand here; the real judge has all the rest."""
    judge = guard.closed
    monkeypatch.setattr(guard, "closed", lambda each: None if each == PUBLIC else judge(each))


@pytest.fixture
def beside() -> Iterator[tuple[Neighbour, Canary]]:
    """Give the public server and the canary."""
    with beside_a_canary({"/*": once}) as servers:
        yield servers


@pytest.fixture
def ask(engine: str, tmp_path: Path) -> Ask:
    """Give a function that fetches URLs by a name table, one at a time; it gives "saved" or a code by URL, in order."""

    def ask(urls: Iterable[str], names: Names | None = None, **changes: Any) -> dict[str, str]:
        chosen = {"engine": engine, "output": tmp_path, "jobs": 1, "dns_ttl": 0, "allow_host": []}
        outcomes: list[Outcome] = []

        def collect(event: object) -> None:
            if isinstance(event, Committed):
                outcomes.extend(event.outcomes)

        job = Job([Line(url) for url in urls], Settings.of(**QUICK | chosen | changes), lookup=names or Names())
        run_job(job, None, [collect])
        outcomes.sort(key=lambda each: each.task.index)
        return {
            outcome.task.url: outcome.status if isinstance(outcome, Saved) else outcome.code for outcome in outcomes
        }

    return ask


def untouched(canary: Canary) -> bool:
    """Tell whether nobody came to the canary."""
    return (canary.connections, canary.hits) == (0, 0)


# --- names


def test_a_name_that_turns_private_is_refused(ask: Ask, beside: tuple[Neighbour, Canary]) -> None:
    """A public first answer opens no door for the private second one."""
    public, canary = beside
    urls = [f"http://turning.example:{public.port}/{number}.jpg" for number in range(2)]
    found = ask(urls, Names(turning_example=[[PUBLIC], [PRIVATE]]))
    assert found == dict(zip(urls, ["saved", "private-address"], strict=True))
    assert dict(public.hits) == {"/0.jpg": 1}
    assert untouched(canary)


ANSWERS = ([PUBLIC], [PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], ["::1"], ["::1", PUBLIC])


def test_each_answer_is_judged_by_itself(ask: Ask, beside: tuple[Neighbour, Canary]) -> None:
    """In whatever order a name's answers change, each image follows the very answer that was looked up for it."""
    public, canary = beside
    answers = [answer for pair in product(ANSWERS, repeat=2) for answer in pair]
    urls = [f"http://flipping.example:{public.port}/{number}.jpg" for number in range(len(answers))]
    found = ask(urls, Names(flipping_example=answers))
    assert found == {
        url: "saved" if PUBLIC in answer else "private-address" for url, answer in zip(urls, answers, strict=True)
    }
    assert set(public.hits.values()) == {1}
    assert untouched(canary)


@pytest.mark.parametrize("seed", range(3))
def test_many_at_once_follow_what_was_judged(ask: Ask, beside: tuple[Neighbour, Canary], seed: int) -> None:
    """Look-ups that overlap are not mixed up: who is fetched came from the public server, and nobody from elsewhere."""
    public, canary = beside
    answers = random.Random(seed).choices(ANSWERS, k=200)
    urls = [f"http://flipping.example:{public.port}/{number}.jpg" for number in range(120)]
    found = ask(urls, Names(flipping_example=answers), jobs=16)
    assert {path.strip("/") for path in public.hits} == {
        url.rpartition("/")[2] for url, code in found.items() if code == "saved"
    }
    assert set(found.values()) == {"saved", "private-address"}
    assert untouched(canary)


def test_over_tls_too(ask: Ask, tmp_path: Path) -> None:
    """TLS to a name that turns private, and redirects over it, reach nobody either."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("turning.example", "steady.example").configure_cert(context)
    with beside_a_canary({"/*": once}, context) as (public, canary):
        public.scripts["/go"] = redirect(f"https://{PRIVATE}:{public.port}/a.jpg")
        at = f":{public.port}"
        codes = {
            f"https://turning.example{at}/0.jpg": "saved",
            f"https://turning.example{at}/1.jpg": "private-address",
            f"https://steady.example{at}/go": "private-address",
            f"https://{PRIVATE}{at}/2.jpg": "private-address",
        }
        names = Names(turning_example=[[PUBLIC], [PRIVATE]], steady_example=[[PUBLIC]])
        assert ask(codes, names, ca_file=str(tmp_path / "authority.pem")) == codes
        assert untouched(canary)


# --- spellings

LOOPBACK = [[PRIVATE, "::1"]]
TABLE = {
    "steady_example": [[PUBLIC]],
    "second_example": [[PUBLIC]],
    "localhost": LOOPBACK,
    "localhost_": LOOPBACK,  # "localhost."
    "innocent_example": LOOPBACK,
    "metadata_example": [["169.254.169.254"]],
}


def judged(found: dict[str, str], spelt: dict[str, str]) -> dict[str, str]:
    """Give the spellings that did not end as they may, with how they did."""
    ended = dict(zip(spelt.values(), found.values(), strict=True))
    return {spelling: code for spelling, code in ended.items() if code not in MAY_END[spelling]}


def test_no_spelling_in_a_list_is_connected_to(ask: Ask, beside: tuple[Neighbour, Canary]) -> None:
    """However a private address is written in the list, it is refused before a connection is made."""
    public, canary = beside
    spelt = {f"http://{spelling}:{public.port}/{number}.jpg": spelling for number, spelling in enumerate(MAY_END)}
    assert judged(ask(spelt, Names(**TABLE)), spelt) == {}
    assert public.connections == 0
    assert untouched(canary)


@pytest.mark.parametrize("scheme", ["http://", "//", "HTTP:\t//", "https://"])
def test_no_spelling_in_a_redirect_is_connected_to(ask: Ask, beside: tuple[Neighbour, Canary], scheme: str) -> None:
    """Two public hops lead no further than one: the third is judged like the first."""
    public, canary = beside
    spelt = {}
    for number, spelling in enumerate(MAY_END):
        public.scripts[f"/first/{number}"] = redirect(f"http://second.example:{public.port}/second/{number}")
        public.scripts[f"/second/{number}"] = redirect(f"{scheme}{spelling}:{public.port}/{number}.jpg")
        spelt[f"http://steady.example:{public.port}/first/{number}"] = spelling
    assert judged(ask(spelt, Names(**TABLE)), spelt) == {}
    assert public.hits.total() == 2 * len(MAY_END)
    assert untouched(canary)


def test_a_private_hop_in_the_middle_ends_the_chain(ask: Ask, beside: tuple[Neighbour, Canary]) -> None:
    """A private server cannot pass a request on to where it would be welcome again."""
    public, canary = beside
    for server in canary.servers:
        server.scripts["/middle"] = redirect(f"http://steady.example:{public.port}/end.jpg")
    public.scripts["/start"] = redirect(f"http://innocent.example:{public.port}/middle")
    url = f"http://steady.example:{public.port}/start"
    assert ask([url], Names(**TABLE)) == {url: "private-address"}
    assert dict(public.hits) == {"/start": 1}
    assert untouched(canary)


def test_the_canary_would_have_sung(ask: Ask, beside: tuple[Neighbour, Canary]) -> None:
    """The same ways do lead to it where private addresses are allowed: what is proven here can fail."""
    public, canary = beside
    public.scripts["/go"] = redirect(f"http://0x7f.1:{public.port}/a.jpg")
    urls = [f"http://{host}:{public.port}/{path}" for host, path in
            [("steady.example", "go"), ("innocent.example", "b.jpg"), ("2130706433", "c.jpg")]]  # fmt: skip
    assert ask(urls, Names(**TABLE), allow_private=True) == dict.fromkeys(urls, "saved")
    assert (canary.connections > 0, canary.hits) == (True, 3)
