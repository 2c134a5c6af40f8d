"""The verdict, the bytes, the warnings, and what the terminal shows of them."""

import io

import pytest
from rich.console import Console

from downloader.comparison.raw import read
from downloader.comparison.terminal import bar, show
from downloader.comparison.verdict import differing, verdict, warnings
from downloader.pages.units import seconds_text, share_text, size_text
from tests.comparison.raw import Made, document, hostile


def timed(**times: list[float]) -> dict:
    """Make raw data in which engines took these seconds."""
    rounds = len(next(iter(times.values())))
    raw = document(Made(engines=tuple(times), images=4, runs=rounds))
    for result in raw["results"]:
        result["seconds"] = times[result["engine"]][result["round"]]
    return raw


SLOW, QUICK = [20.0, 20.2, 20.1, 19.9, 20.3], [1.30, 1.32, 1.31, 1.33, 1.29]
ALIKE, MIDDLE = [1.31, 1.30, 1.33, 1.29, 1.32], [2.0, 2.1, 2.05, 2.02, 2.07]


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ({"sequential": SLOW, "async": QUICK}, "async is 15.3 times as fast as sequential."),
        (
            {"sequential": SLOW, "thread": MIDDLE, "async": QUICK},
            "thread is 9.80 times and async is 15.3 times as fast as sequential; "
            "async is 1.56 times as fast as thread.",
        ),
        (
            {"sequential": SLOW, "thread": ALIKE, "async": QUICK},
            "thread is 15.3 times and async is 15.3 times as fast as sequential; "
            "between thread and async there is no difference.",
        ),
        ({"thread": ALIKE, "async": QUICK}, "between thread and async there is no difference."),
        ({"sequential": QUICK, "async": ALIKE}, "between sequential and async there is no difference."),
        ({"sequential": QUICK, "async": MIDDLE}, "async takes 1.56 times as long as sequential."),
        (
            {"thread": MIDDLE, "async": QUICK, "curl": ALIKE},
            "async is 1.56 times as fast as thread; between async and curl there is no difference.",
        ),
        ({"async": QUICK}, "async took 1.31 s (95 % interval 1.29 s to 1.33 s), "
         "and there is nothing to compare it with."),
        (
            {"thread": [2.0, 2.0], "async": [1.0, 1.0]},
            "Too few runs to judge by (2 of an engine, 4 are needed): measured were thread 2.00 s and async 1.00 s.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_is_one_sentence(times: dict, sentence: str) -> None:
    """It says how many times as fast each is, and where there is no difference."""
    assert verdict(read(timed(**times))) == sentence


def test_an_engine_against_itself() -> None:
    """An engine named twice is compared with itself, each with the runs that are its own."""
    raw = document(Made(engines=("async", "async"), images=40))
    comparison = read(raw)
    assert {engine: len(runs) for engine, runs in comparison.runs.items()} == {"async": 5, "async (2)": 5}
    assert verdict(comparison) == "between async and async (2) there is no difference."


def test_identical_bytes_are_silent() -> None:
    """Nobody differs where all stored the same."""
    assert differing(read(document(Made(images=4)))) == []


def test_a_broken_engine_is_named() -> None:
    """One run with other bytes is found, and no time counts then."""
    raw = document(Made(images=4))
    next(result for result in raw["results"] if result["engine"] == "async")["digest"] = "broken"
    comparison = read(raw)
    [one] = differing(comparison)
    assert (one.engine, one.runs, one.of) == ("async", 1, 5)
    assert verdict(comparison) == (
        "async stored other bytes than sequential in 1 of 5 runs: no time counts until that is mended."
    )


@pytest.mark.parametrize(("broken", "named"), [("thread", "thread"), ("sequential", "sequential")])
def test_the_odd_one_out_is_the_one_named(broken: str, named: str) -> None:
    """Two against one: the baseline itself can be wrong."""
    raw = document(Made(images=4))
    for result in raw["results"]:
        result["digest"] = "other" if result["engine"] == broken else "same"
    assert [one.engine for one in differing(read(raw))] == [named]


def test_one_against_one_the_baseline_is_believed() -> None:
    """Where engines are split evenly, the baseline is right, wherever it stands in the list."""
    raw = document(Made(engines=("async", "sequential"), images=4))
    for result in raw["results"]:
        result["digest"] = result["engine"]
    assert [one.engine for one in differing(read(raw))] == ["async"]


def test_bytes_of_the_sweep_count() -> None:
    """A run of the sweep that stored other bytes is found too."""
    raw = document(Made(images=4, sweep=(1, 2)))
    raw["sweep"][-1]["digest"] = "broken"
    assert [one.engine for one in differing(read(raw))] == ["async"]


def test_warnings_name_what_makes_figures_doubtful() -> None:
    """A wide spread, a loaded machine and failures are told, and nothing where there is nothing."""
    raw = timed(thread=[1.0, 1.5, 1.1, 1.0, 1.2], **{"async": QUICK})
    assert len(warnings(read(raw))) == 1
    raw["results"][3]["others"] = 0.4
    raw["results"][0]["failed"] = {"busy": 2}
    wide, loaded, failed = warnings(read(raw))
    assert "thread lie wide apart, 1.00 s to 1.50 s" in wide
    assert "during 1 of 10 runs: it held up to 40% of 2 cores" in loaded
    assert failed.endswith("busy 2")
    assert warnings(read(timed(**{"async": QUICK}))) == []


def test_no_run_at_all_is_refused() -> None:
    """There is nothing to say of nothing."""
    with pytest.raises(ValueError, match="no run to compare"):
        read({**document(Made(images=4)), "results": []})


def shown(raw: dict, width: int) -> str:
    """Give what a terminal of a width shows."""
    stream = io.StringIO()
    show(read(raw), Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()


def test_the_terminal_shows_the_verdict_first() -> None:
    """Then the figures, the knee, the server's latency model and seed; none of it wider than 80 characters."""
    text = shown(document(Made(sweep=(1, 4, 16, 64, 256))), 80)
    assert text.startswith("thread is ")
    for word in ("sequential", "images/s", "p99", "CPU", "waiting", "peak memory", "threads", "context switches",
                 "beyond 64 jobs", "sigma 0.25", "seed 7", "95 % interval"):  # fmt: skip
        assert word in " ".join(text.split()), word
    assert max(map(len, text.splitlines())) <= 80


def test_the_terminal_obeys_no_name() -> None:
    """Control characters and markup in names are shown, not obeyed."""
    text = shown(hostile(), 100)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "[31m" in text


def test_a_bar_is_as_long_as_its_share() -> None:
    """To an eighth of a character; what is not nothing shows."""
    assert [bar(share, 4) for share in (0, 0.001, 0.5, 0.53125, 1)] == ["", "▏", "██", "██▏", "████"]


def test_figures_are_written_with_their_unit() -> None:
    """Three digits count; a small share is not nothing."""
    assert [seconds_text(value) for value in (0, 0.0000123, 0.0985, 1.234, 61.2, 1234)] == [
        "0 s", "12.3 µs", "98.5 ms", "1.23 s", "61.2 s", "1,234 s"]  # fmt: skip
    assert [size_text(value) for value in (12, 2048, 51200000)] == ["12.0 B", "2.00 KiB", "48.8 MiB"]
    assert [share_text(value) for value in (0, 0.001, 0.5, 1)] == ["0 %", "< 1 %", "50 %", "100 %"]
