"""Defaults, then a file, then the environment, then flags: the later wins, and each says where it was said."""

import json
import tomllib

import pytest

from downloader.cli.compare import _settings, command
from downloader.cli.layers import FOUND, NAMED_ONLY, layered, ready_made_files
from downloader.errors import UsageError
from downloader.registry import engine_named
from downloader.settings import Settings, each_field
from tests.doors.talking import say

TRUSTING = {
    "auth": '["example.com=bearer:TOKEN"]',
    "cookies": '"cookies.txt"',
    "ca_file": '"own.pem"',
    "insecure": "true",
    "netrc": '"logins"',
    "proxy": '["http://127.0.0.1:9"]',
}


@pytest.fixture(autouse=True)
def nobodys(monkeypatch):
    """Take away what the environment of the tests says."""
    for _, setting in each_field():
        monkeypatch.delenv(f"DOWNLOADER_{setting.name.upper()}", raising=False)


def write(folder, name, text):
    """Write a file of settings and give its path as text."""
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def jobs(folder, **given):
    """Give the number of jobs and where it was said."""
    found = layered(given, Settings(), folder)
    return found.settings.pace.jobs, found.origins["jobs"]


def test_each_layer_lies_over_the_one_before(tmp_path, monkeypatch):
    """One setting, said in more and more places: the last place wins, and is named."""
    assert jobs(tmp_path) == (16, "default")
    write(tmp_path, "pyproject.toml", "[project]\nname = 'x'\n[tool.downloader]\njobs = 2\n")
    assert jobs(tmp_path) == (2, "pyproject.toml [tool.downloader]")
    write(tmp_path, "downloader.toml", "jobs = 3")
    assert jobs(tmp_path) == (3, "downloader.toml")
    named = write(tmp_path, "named.toml", "jobs = 4")
    assert jobs(tmp_path, config=named) == (4, f"--config {named}")
    monkeypatch.setenv("DOWNLOADER_JOBS", "5")
    assert jobs(tmp_path, config=named) == (5, "DOWNLOADER_JOBS")
    assert jobs(tmp_path, config=named, jobs="6") == (6, "--jobs")


def test_a_named_file_replaces_those_that_lie_here(tmp_path):
    """What --config does not say has its default, not the value of a file that was found."""
    write(tmp_path, "downloader.toml", "retries = 9")
    found = layered({"config": write(tmp_path, "named.toml", "jobs = 4")}, Settings(), tmp_path)
    assert (found.settings.pace.jobs, found.settings.retry.retries) == (4, Settings().retry.retries)
    assert found.notice == ""


def test_downloader_toml_is_read_alone(tmp_path):
    """Of two files that lie here only the first is read, the other not laid under it."""
    write(tmp_path, "pyproject.toml", "[tool.downloader]\nretries = 9\n")
    write(tmp_path, "downloader.toml", "jobs = 3")
    found = layered({}, Settings(), tmp_path)
    assert (found.settings.pace.jobs, found.settings.retry.retries) == (3, Settings().retry.retries)


def test_folders_above_are_not_searched(tmp_path):
    """A file in a folder above, which may be anybody's, changes nothing."""
    write(tmp_path, "downloader.toml", "jobs = 3")
    (tmp_path / "below").mkdir()
    assert jobs(tmp_path / "below") == (16, "default")


def test_no_folder_means_no_file(tmp_path, monkeypatch):
    """A command that goes on with a folder's own settings reads no file that lies about."""
    write(tmp_path, "downloader.toml", "jobs = 3")
    monkeypatch.chdir(tmp_path)
    assert jobs(None) == (16, "default")


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("job = 3", "unknown setting 'job'; did you mean 'jobs'?"),
        ("per-hots = 3", "unknown setting 'per-hots'; did you mean 'per-host'?"),
        ("jobs = 'many'", "jobs cannot be 'many': write a whole number"),
        ("per-host = -1", "per-host cannot be -1: the least is 0"),
        ("formats = 5", "formats cannot be 5: write a list"),
        ("jobs = {a = 1}", "'jobs' is a table, but settings stand in none"),
    ],
)
def test_an_error_names_the_file_and_the_key(tmp_path, name, line, said):
    """What is wrong in a file is told as it stands there, not as a flag."""
    write(tmp_path, name, f"[tool.downloader]\n{line}\n" if name == "pyproject.toml" else line)
    with pytest.raises(UsageError) as error:
        layered({}, Settings(), tmp_path)
    assert said in str(error.value)
    assert name in str(error.value)
    assert "--" not in str(error.value)


@pytest.mark.parametrize("text", ["jobs = ", "[tool", "\udcff"])
def test_a_file_that_is_no_toml_is_named(tmp_path, text):
    """A file that lies here and cannot be read is an error, not a file that is not there."""
    (tmp_path / "downloader.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=r"downloader\.toml.*no TOML"):
        layered({}, Settings(), tmp_path)


def test_tool_downloader_must_be_a_table(tmp_path):
    """A pyproject.toml whose [tool.downloader] is no table says how to write it."""
    write(tmp_path, "pyproject.toml", "[tool]\ndownloader = 3\n")
    with pytest.raises(UsageError, match=r"write \[tool\.downloader\]"):
        layered({}, Settings(), tmp_path)


@pytest.mark.parametrize("name", sorted(NAMED_ONLY))
def test_whom_to_trust_is_not_read_from_a_file_that_lies_here(tmp_path, name):
    """A folder somebody cloned cannot turn certificates off, or traffic round; a file that is named can."""
    key = name.replace("_", "-")
    path = write(tmp_path, "downloader.toml", f"{key} = {TRUSTING[name]}")
    with pytest.raises(UsageError, match=f"{key} decides whom to trust.*--config downloader.toml.*--{key}"):
        layered({}, Settings(), tmp_path)
    assert layered({"config": path}, Settings(), tmp_path).settings.flat()[name] != Settings().flat()[name]


def test_the_default_file_may_lie_here(tmp_path):
    """Defaults trust nobody new: the file that holds them all can be copied and changed."""
    write(tmp_path, "downloader.toml", ready_made_files()["default"].read_text("utf-8"))
    assert layered({}, Settings(), tmp_path).settings == Settings()


def test_an_empty_variable_says_nothing(tmp_path, monkeypatch):
    """DOWNLOADER_JOBS= is as good as unset."""
    monkeypatch.setenv("DOWNLOADER_JOBS", "")
    assert jobs(tmp_path) == (16, "default")


def test_a_bad_variable_is_named(tmp_path, monkeypatch):
    """A value of the environment that cannot be read is told under its name there."""
    monkeypatch.setenv("DOWNLOADER_JOBS", "many")
    with pytest.raises(UsageError, match=r"^DOWNLOADER_JOBS cannot be 'many'"):
        layered({}, Settings(), tmp_path)


def test_a_flag_can_take_back_what_a_file_says(tmp_path):
    """True and lists of a file can be undone: --no-fsync, --formats ''."""
    write(tmp_path, "downloader.toml", "fsync = true\nformats = ['png']")
    found = layered({"fsync": False, "formats": ("",)}, Settings(), tmp_path)
    assert (found.settings.output.fsync, found.settings.filters.formats) == (False, ())
    assert found.origins["fsync"] == "--no-fsync"


def test_a_ready_made_one_goes_by_its_bare_name(tmp_path, monkeypatch):
    """--config polite needs no file; a file of that very name goes before."""
    monkeypatch.chdir(tmp_path)
    assert layered({"config": "polite"}, Settings(), None).settings.pace.per_host == 1
    write(tmp_path, "polite", "per-host = 7")
    assert layered({"config": "polite"}, Settings(), None).settings.pace.per_host == 7


def test_an_unknown_ready_made_one_lists_those_there_are(tmp_path):
    """A name that is neither a file nor ready-made is told with the choices."""
    with pytest.raises(UsageError, match="archive, default, fast, polite, ten-images"):
        layered({"config": "politest"}, Settings(), tmp_path)


def test_config_prints_what_get_would_run_with(tmp_path):
    """Each value with its origin, as TOML that makes the same settings again."""
    write(tmp_path, "downloader.toml", "retries = 1\nbackoff = '1:2'")
    ran = say(tmp_path, "config", "-4", "--no-fsync", env={"DOWNLOADER_PER_HOST": "auto"})
    assert ran.status == 0
    said = {line.partition(" = ")[0]: line.rpartition("  # ")[2] for line in ran.out.splitlines() if " = " in line}
    assert {key: said.pop(key) for key in ("retries", "backoff", "per-host", "fsync", "ip")} == {
        "retries": "downloader.toml", "backoff": "downloader.toml", "per-host": "DOWNLOADER_PER_HOST",
        "fsync": "--no-fsync", "ip": "--ip",
    }  # fmt: skip
    assert said.pop("engine") == f"default; {engine_named('auto')} here"
    assert set(said.values()) == {"default"}
    assert len(said) == len(list(each_field())) - 6
    again = Settings().replace(**tomllib.loads(ran.out))
    assert again == Settings.of(retries=1, backoff="1:2", per_host="auto", ip="4")


def test_config_prints_changes_alone(tmp_path):
    """--changed leaves the defaults out, in TOML and in JSON alike; --json gives the origins to programs."""
    ran = say(tmp_path, "config", "--changed", "-j", "3")
    assert tomllib.loads(ran.out) == {"jobs": 3}
    ran = say(tmp_path, "config", "--changed", "-j", "3", "--json")
    assert json.loads(ran.out) == {"jobs": {"value": 3, "origin": "--jobs", "withheld": False}}


def test_config_keeps_passwords_to_itself(tmp_path):
    """The login of a proxy is not printed, wherever it was said."""
    named = write(tmp_path, "own.toml", 'proxy = ["http://me:secret@127.0.0.1:9"]')
    for args, env in ((["--config", named], {}), ([], {"DOWNLOADER_PROXY": "http://me:secret@127.0.0.1:9"})):
        for how in ([], ["--json"]):
            ran = say(tmp_path, "config", *args, *how, env=env)
            assert "127.0.0.1:9" in ran.out
            assert "secret" not in ran.out + ran.err


def test_get_tells_of_a_file_that_was_merely_found(tmp_path):
    """A downloader.toml that takes part is told on stderr with what it set; -q is silent, a named file is known."""
    write(tmp_path, "downloader.toml", "retries = 0")
    notice = "downloader: settings from downloader.toml: retries"
    refused = "http://127.0.0.1:9/a.jpg"
    assert notice in say(tmp_path, "get", refused).err
    assert notice not in say(tmp_path, "get", refused, "-q", "-o", "quiet").err
    assert notice not in say(tmp_path, "get", refused, "--config", "downloader.toml", "-o", "named").err


def test_a_variable_that_is_no_setting_names_the_nearest(tmp_path):
    """A misspelt DOWNLOADER_ variable is an error, with a guess only where there is one."""
    ran = say(tmp_path, "config", env={"DOWNLOADER_JOB": "3"})
    assert (ran.status, "did you mean DOWNLOADER_JOBS?" in ran.err) == (2, True)
    ran = say(tmp_path, "config", env={"DOWNLOADER_QQ": "3"})
    assert (ran.status, "did you mean" in ran.err, "downloader config" in ran.err) == (2, False, True)


def test_retry_goes_on_with_what_its_folder_knows(tmp_path):
    """A downloader.toml that lies here now does not change a run of then; what is wrong in it is not even read."""
    assert say(tmp_path, "get", "http://127.0.0.1:9/a.jpg", "-o", "out").status == 3
    write(tmp_path, "downloader.toml", "no-such-setting = 1")
    ran = say(tmp_path, "retry", "out")
    assert (ran.status, "downloader.toml" in ran.err) == (3, False)
    assert say(tmp_path, "get", "http://127.0.0.1:9/a.jpg", "-o", "out").status == 2


@pytest.mark.parametrize(("said", "per_host"), [("", 0), ("per-host = 3", 3)])
def test_the_comparison_takes_what_a_file_says(tmp_path, monkeypatch, said, per_host):
    """Its own server has no limit per host, unless somebody asks for one, in whatever layer."""
    write(tmp_path, "downloader.toml", said)
    monkeypatch.chdir(tmp_path)
    context = command.make_context("compare", ["--images", "2", "--hosts", "2"])
    assert _settings(context.params).pace.per_host == per_host


def test_a_value_without_its_secret_says_so(tmp_path):
    """What is printed could be taken for the whole: a file made of it would lack the header."""
    ran = say(tmp_path, "config", "--changed", "-H", "X-Key: hunter2", "-H", "Accept-Language: ko")
    assert "hunter2" not in ran.out
    assert 'header = ["Accept-Language: ko"]' in ran.out
    assert "# --header; not all of it is shown" in ran.out
    told = json.loads(say(tmp_path, "config", "--json", "-H", "X-Key: hunter2").out)
    assert (told["header"]["withheld"], told["jobs"]["withheld"]) == (True, False)


def test_a_refused_value_is_quoted_as_it_was_written(tmp_path):
    """Not as Python holds it."""
    ran = say(tmp_path, "get", "http://h.example/", "--resolve", "a")
    assert "--resolve cannot be 'a': write it like" in ran.err
