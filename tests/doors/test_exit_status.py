"""What a program that calls the command line relies on: exit statuses, stdout, and one clear line for a mistake."""

import json
from pathlib import Path

import pytest

from tests.doors.running import Ran, finish, get, getting, rows, run, saved, start, write_list
from tests.support.hostile import HostileServer

GOOD = [f"/images/{number}.jpg" for number in range(3)]

OUTCOME = [
    "type", "index", "url", "status", "code", "detail", "path", "bytes", "sha256", "http_status", "attempts", "seconds",
]  # fmt: skip
SUMMARY = [
    "type", "saved", "skipped", "failed", "transient", "known", "bytes", "seconds", "stopped", "exit_status",
]  # fmt: skip


class Home:
    """A list, a folder, and runs of one into the other without retries."""

    def __init__(self, server: HostileServer, home: Path) -> None:
        self.server = server
        self.list = home / "urls.txt"
        self.folder = home / "images"

    def get(self, *args: object, paths: list[str]) -> Ran:
        """Fetch these paths."""
        write_list(self.list, map(self.server.url, paths))
        ran = get(self.list, self.folder, "--retries", 0, *args)
        assert ran.status == ran.summary["exit_status"]
        return ran


@pytest.fixture
def home(hostile: HostileServer, tmp_path: Path) -> Home:
    """Give a list and a folder."""
    return Home(hostile, tmp_path)


def complaint(ran: Ran, status: int) -> str:
    """Give the only line of a run that did not begin."""
    assert (ran.status, ran.out) == (status, ""), ran.err
    [line] = ran.err.splitlines()
    assert line.startswith("downloader: ")
    return line


# --- what became of the list


@pytest.mark.parametrize(
    ("status", "paths", "args"),
    [
        (0, GOOD, ()),
        (3, [*GOOD, "/404.jpg"], ()),
        (4, [*GOOD, "/500.jpg"], ()),
        (4, ["/404.jpg", "/500.jpg"], ()),
        (5, ["/500.jpg", "/reset-before-head.jpg"], ()),
        (0, [*GOOD, "/404.jpg"], ("--tolerate", "25%")),
        (3, [*GOOD, "/404.jpg"], ("--tolerate", "24%")),
        (4, [*GOOD, "/404.jpg", "/500.jpg"], ("--tolerate", "0.3")),
        (0, ["/404.jpg", "/500.jpg"], ("--tolerate", "100%")),
        (8, ["/silence.jpg"], ("--max-duration", "200ms", "--drain-timeout", "100ms")),
    ],
)
def test_the_status_says_how_the_list_stands(home: Home, status: int, paths: list[str], args: tuple[str, ...]):
    """Done, failed for good, failed for now, nothing at all, out of time; a tolerated share counts as done."""
    assert home.get(*args, paths=paths).status == status


def test_the_whole_list_counts_on_every_run(home: Home):
    """A second run asks nothing, and still gives the status of the list, not of what it did."""
    paths = [*GOOD, "/404.jpg"]
    first, second = home.get(paths=paths), home.get(paths=paths)
    assert (first.status, second.status) == (3, 3)
    assert (second.summary["saved"], second.summary["failed"], second.summary["known"]) == (3, {"not-found": 1}, 4)
    assert second.outcomes == []
    assert set(home.server.hits.values()) == {1}
    assert home.get("--tolerate", "25%", paths=paths).status == 0


def test_what_failed_for_now_may_come_on_the_next_run(home: Home):
    """Status 5, then 4, then 0, as the hosts come back."""
    assert home.get(paths=["/500-once.jpg", "/500-twice.jpg"]).status == 5
    assert home.get(paths=["/500-once.jpg", "/500-twice.jpg"]).status == 4
    assert home.get(paths=["/500-once.jpg", "/500-twice.jpg"]).status == 0


def test_a_folder_below_a_file(home: Home):
    """Status 6, and the file is named."""
    write_list(home.list, map(home.server.url, GOOD))
    assert f"'{home.list}/images'" in complaint(get(home.list, home.list / "images"), 6)


def test_nobody_takes_the_results(home: Home):
    """A reader of stdout that went away ends the job with status 6; what was done is recorded."""
    write_list(home.list, map(home.server.url, GOOD))
    process = start(*getting(home.list, home.folder))
    process.stdout.close()
    err = process.stderr.read()
    process.stdin.close()
    assert process.wait(30) == 6, err
    process.stderr.close()
    assert "stdout" in err
    assert "Traceback" not in err
    assert saved(home.folder)


# --- what cannot begin


def test_lists_without_urls(home: Home, tmp_path: Path):
    """Status 7 for a list that is empty, holds only remarks, or is an empty stdin."""
    home.list.write_text("")
    assert "holds no URLs" in complaint(get(home.list, home.folder), 7)
    home.list.write_text("\n# a remark\n   \n")
    assert "holds no URLs" in complaint(get(home.list, home.folder), 7)
    assert "holds no URLs" in complaint(run(*getting(Path("-"), home.folder), text=""), 7)


def test_lists_that_cannot_be_read(tmp_path: Path):
    """Status 7 for a list that is not there, or is a folder; each is named."""
    missing, folder = tmp_path / "missing.txt", tmp_path / "folder.txt"
    folder.mkdir()
    assert f"'{missing}'" in complaint(get(missing, tmp_path / "images"), 7)
    assert f"'{folder}'" in complaint(get(folder, tmp_path / "images"), 7)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--jobs", "0"), "--jobs cannot be '0': the least is 1"),
        (("--timeout", "soon"), "--timeout cannot be 'soon'"),
        (("--backoff", "3"), "--backoff cannot be '3'"),
        (("--engine", "tread"), "did you mean 'thread'?"),
        (("--name", "{index"), "--name cannot be '{index'"),
        (("--name", "{0}"), "{index}, {stem}, {host}"),
        (("--name", "{host[0]}"), "only the value itself"),
        (("--name", "{index.__class__}"), "only the value itself"),
        (("--fanout", "many"), "--fanout cannot be 'many'"),
        (("--name", "same"), "all images would have one name"),
        (("--config", "nowhere.toml"), "'nowhere.toml' cannot be read"),
    ],
)
def test_bad_values(home: Home, args: tuple[str, ...], said: str):
    """Status 2 and one line that names the flag, what was given and what it could be; nothing is asked."""
    write_list(home.list, map(home.server.url, GOOD))
    assert said in complaint(get(home.list, home.folder, *args), 2)
    assert not home.server.hits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job = 4", "unknown setting 'job'; did you mean 'jobs'?"),
        ("per_hots = 4", "did you mean 'per-host'?"),
        ("jobs: 4", "are no TOML"),
    ],
)
def test_bad_config_files(home: Home, text: str, said: str, tmp_path: Path):
    """A file of settings is held to the same rules, and an unknown key names the nearest."""
    (tmp_path / "settings.toml").write_text(text)
    write_list(home.list, map(home.server.url, GOOD))
    assert said in complaint(get(home.list, home.folder, "--config", tmp_path / "settings.toml"), 2)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("get", "--jbos", "3"), "--jbos"),
        (("get", "--progress", "much", "http://host/a.jpg"), "'much' is not one of"),
        (("get",), "nothing to fetch"),
        (("fetch",), "fetch"),
        (("retry", "nowhere"), "'nowhere' holds no manifest"),
        (("retry", "nowhere", "--code", "sorry"), "there is no code sorry"),
        (("status", "nowhere"), "'nowhere' holds no manifest"),
        (("audit", "nowhere"), "'nowhere' holds no manifest"),
    ],
)
def test_commands_that_make_no_sense(args: tuple[str, ...], said: str):
    """Status 2, and the word that was not understood."""
    ran = run(*args)
    assert (ran.status, ran.out) == (2, ""), ran.err
    assert said in ran.err


def test_two_runs_in_one_folder(home: Home):
    """The second leaves with status 2 and one line, and disturbs nothing."""
    paths = [*GOOD, "/gated.jpg"]
    write_list(home.list, map(home.server.url, paths))
    first = start(*getting(home.list, home.folder))
    home.server.wait_for(lambda: home.server.hits["/gated.jpg"] == 1)
    assert "another run is at work" in complaint(get(home.list, home.folder), 2)
    home.server.gate.set()
    ran = finish(first)
    assert (ran.status, ran.summary["saved"]) == (0, 4)
    assert set(home.server.hits.values()) == {1}
    assert len(saved(home.folder)) == 4


# --- what is said


def test_results_for_programs(home: Home):
    """A line for each line of the list with all its fields, true to the manifest, and a summary last."""
    ran = home.get(paths=["/images/0.jpg", "/404.jpg", "/images/0.jpg"])
    *outcomes, summary = [json.loads(line) for line in ran.out.splitlines()]
    assert [list(outcome) for outcome in outcomes] == [OUTCOME] * 3
    assert list(summary) == SUMMARY
    assert all(outcome["type"] == "outcome" for outcome in outcomes)
    outcomes.sort(key=lambda outcome: outcome["index"])
    assert [outcome["status"] for outcome in outcomes] == ["saved", "failed", "skipped"]
    for outcome, row in zip(outcomes, rows(home.folder), strict=True):
        assert {name: row[name] for name in OUTCOME[1:]} == {name: outcome[name] for name in OUTCOME[1:]}
    assert (summary["saved"], summary["skipped"], summary["failed"]) == (1, 1, {"not-found": 1})


def test_stdout_is_for_results_alone(home: Home):
    """Without --json the summary goes to stderr and stdout holds nothing, whatever became of the list."""
    write_list(home.list, map(home.server.url, [*GOOD, "/404.jpg"]))
    ran = run("get", "-i", home.list, "-o", home.folder, "--allow-private")
    assert (ran.status, ran.out) == (3, "")
    assert "saved 3 of 4, skipped 0, failed 1" in ran.err


def test_quiet(home: Home):
    """With -q a run that went well says nothing at all; one that did not leaves its status alone."""
    write_list(home.list, map(home.server.url, GOOD))
    assert run("get", "-i", home.list, "-o", home.folder, "--allow-private", "-q") == Ran(0, "", "")
    write_list(home.list, map(home.server.url, [*GOOD, "/404.jpg"]))
    assert run("get", "-i", home.list, "-o", home.folder, "--allow-private", "-q") == Ran(3, "", "")
