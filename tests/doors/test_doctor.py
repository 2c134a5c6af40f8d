"""The doctor finds what is there, and says what to do about what is not."""

import json
import os
import resource
import socket
import subprocess

import pytest

from downloader import registry
from downloader.doctor import CHECKS, Question, disk, examine, exit_status, machine, network
from downloader.doctor.finding import Check, Finding
from downloader.imageserver import ImageServer, Plan
from downloader.settings import Settings
from downloader.surroundings import Surroundings
from tests.doors.running import arguments, environment, limited
from tests.doors.talking import say


def findings(name, question):
    """Give what one check finds."""
    [check] = [check for check in CHECKS if check.name == name]
    return list(check.look(question))


def bad(found):
    """Give the findings that are not ok."""
    return [each for each in found if each.level != "ok"]


def test_a_sound_machine_is_told_as_one(tmp_path):
    """Every check says something here, nothing is bad, every engine is named, and the folder is left as it was."""
    ran = say(tmp_path, "doctor", "out")
    assert ran.status == 0, ran.out
    said = {line.split()[1] for line in ran.out.splitlines() if line[:4].strip() in ("ok", "warn", "bad")}
    assert said == {check.name for check in CHECKS}
    assert all(name in ran.out for name in registry.ENGINES)
    assert list(tmp_path.iterdir()) == []


def test_programs_get_json(tmp_path):
    """--json gives each finding with its check, its level, what was found, and what to do."""
    told = json.loads(say(tmp_path, "doctor", "--json").out)
    assert told["exit_status"] == 0
    assert {each["check"] for each in told["findings"]} == {check.name for check in CHECKS}
    assert all(each["do"] for each in told["findings"] if each["level"] != "ok")


def test_a_folder_that_cannot_be_written_is_bad(tmp_path):
    """No folder can be made under a file of the kernel's: the finding says so, and what a job would exit with."""
    found = findings("folder", Question(disk.Path("/proc/self/images")))
    assert [each.level for each in found] == ["bad"]
    assert "permissions" in found[0].do
    assert say(tmp_path, "doctor", "/proc/self/images").status == 6


def test_the_folder_is_tried_as_a_job_uses_it(tmp_path):
    """Exclusive making, links, case and the time of a flush are measured, and nothing is left behind."""
    found = findings("folder", Question(tmp_path / "not" / "yet"))
    assert len(found) == 5
    assert any("ms" in each.found for each in found)
    assert list(tmp_path.iterdir()) == []


def test_too_few_descriptors_are_told_with_the_number_needed(tmp_path):
    """A hard limit too low for --jobs is a warning with the number; one too low for any job is bad."""
    args = arguments("doctor", "--json", "-j", "500")
    for most, level in ((200, "warn"), (33, "bad")):
        ran = subprocess.run(
            args, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=45, check=False,
            preexec_fn=limited(resource.RLIMIT_NOFILE, most),
        )  # fmt: skip
        [found] = [each for each in json.loads(ran.stdout)["findings"] if each["check"] == "descriptors"]
        assert found["level"] == level
        assert "1532" in found["do"]
        assert ran.returncode == (6 if level == "bad" else 0)


def test_a_host_is_looked_up_and_asked_for_the_time(tmp_path):
    """What --host names is looked up, and its Date is held against the clock; nobody else is asked."""
    with ImageServer(Plan(latency=0)) as server:
        ran = say(tmp_path, "doctor", "--host", f"127.0.0.1:{server.port}", "--allow-private")
    assert f"of 127.0.0.1:{server.port}" in ran.out or f"behind 127.0.0.1:{server.port}" in ran.out
    assert "127.0.0.1: 127.0.0.1 in" in ran.out


def test_a_name_that_is_not_there_is_bad():
    """A host without an address is bad, and a job would find the network down."""
    question = Question(disk.Path("images"), hosts=("nowhere.invalid",))
    found = bad(network.names(question))
    assert [each.level for each in found] == ["bad"]
    assert "nowhere.invalid" in found[0].found


def test_a_host_that_does_not_answer_is_no_clock():
    """Where nobody listens the clock is not judged, and the finding says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening: refused
        found = bad(network.clock(Question(disk.Path("x"), hosts=(f"127.0.0.1:{taken.getsockname()[1]}",))))
    assert [each.level for each in found] == ["warn"]
    assert "does not tell the time" in found[0].found


def test_proxies_are_told_without_their_logins():
    """The environment's proxy is shown, its password is not; one that cannot be read is bad."""
    surroundings = Surroundings(proxies={"https": "http://me:secret@127.0.0.1:3128"})
    [found] = network.proxies(Question(disk.Path("x"), surroundings=surroundings))
    assert "127.0.0.1:3128" in found.found
    assert "secret" not in str(found)
    [found] = network.proxies(Question(disk.Path("x"), surroundings=Surroundings(proxies={"all": "socks5://a:1"})))
    assert (found.level, bool(found.do)) == ("bad", True)


def test_authorities_that_cannot_be_read_are_bad(tmp_path):
    """A CA file that is not there, or holds nothing, is told with the flag to mend."""
    (tmp_path / "empty.pem").write_text("")
    for name in ("none.pem", "empty.pem"):
        settings = Settings.of(ca_file=str(tmp_path / name))
        [found] = network.authorities(Question(tmp_path, settings))
        assert (found.level, "--ca-file" in found.do) == ("bad", True)


def test_a_containers_limits_are_read(tmp_path):
    """cpu.max, memory.max and memory.current of a control group, and "max" for no limit."""
    for name, text in (("cpu.max", "150000 100000\n"), ("memory.max", "1000\n"), ("memory.current", "400\n")):
        (tmp_path / name).write_text(text)
    assert (machine.cpu_quota(tmp_path), machine.memory_limit(tmp_path)) == (1.5, 600)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert (machine.cpu_quota(tmp_path), machine.memory_limit(tmp_path)) == (None, None)
    assert (machine.cpu_quota(tmp_path / "no"), machine.memory_limit(tmp_path / "no")) == (None, None)


def test_the_kernels_own_figures_are_read(tmp_path):
    """MemAvailable in bytes, and the name servers of resolv.conf."""
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    (tmp_path / "resolv.conf").write_text("# a\nsearch x\nnameserver 192.0.2.1\nnameserver\nnameserver ::1\n")
    assert machine.available_memory(tmp_path / "meminfo") == 2 << 20
    assert network.name_servers(tmp_path / "resolv.conf") == ["192.0.2.1", "::1"]
    assert network.name_servers(tmp_path / "no") == []


def test_more_workers_than_cores_are_warned_of(tmp_path):
    """--workers beyond the cores that may be used is told."""
    assert findings("cores", Question(tmp_path, Settings.of(workers=(os.cpu_count() or 1) + 1)))[0].level == "warn"
    assert findings("cores", Question(tmp_path))[0].level == "ok"


@pytest.mark.parametrize(("levels", "status"), [(["ok", "warn"], 0), (["warn", "bad", "bad"], 5), ([], 0)])
def test_the_exit_status_is_that_of_the_first_bad_thing(levels, status):
    """Warnings do not count; what is bad first is to be mended first."""
    found = [(Check(level, 5 + number - 1, examine), Finding(level, "")) for number, level in enumerate(levels)]
    assert exit_status(found) == status
