"""How the service is, for machines."""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from downloader.imageserver import ImageServer
from tests.doors.running import arguments, environment
from tests.service.serving import Served, image_urls


def _health(port: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments("health"),
        env=environment() | {"DOWNLOADER_PORT": str(port)},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_health_asks_the_configured_address(service: Served) -> None:
    """``downloader health`` exits 0 where the service answers, 1 and one line where not."""
    assert _health(urlsplit(service.url).port).returncode == 0
    silent = _health(1)
    assert silent.returncode == 1
    assert len(silent.stderr.splitlines()) == 1


def test_metrics_count_what_jobs_do(service: Served, server: ImageServer) -> None:
    """Images by status and code, bytes, a histogram of phases; and no URL or host in any label."""
    job = service.submit([*image_urls(server, 20), server.url(0) + ".gone"])
    service.ended(job)
    text = service.ask("GET", "/metrics").text
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    assert values['downloader_images_total{code="",status="saved"}'] == 20
    assert values['downloader_images_total{code="not-found",status="failed"}'] == 1
    assert values["downloader_bytes_total"] == 20 * server.plan.size
    assert values['downloader_phase_seconds_count{phase="first_byte"}'] == 21
    assert values['downloader_phase_seconds_bucket{le="+Inf",phase="first_byte"}'] == 21
    assert values['downloader_jobs{state="done"}'] == 1
    assert values["downloader_queue"] == values["downloader_in_flight"] == values["downloader_host_rests_total"] == 0
    assert values["downloader_disk_free_bytes"] > 0
    assert "127.0.0.1" not in text


def test_ready_says_what_it_looked_at(service: Served) -> None:
    """The store, the disk, and whether the service is ending."""
    assert service.get("/readyz") == {"ready": True, "store": "ok", "disk": "ok", "draining": False}


@pytest.mark.skipif("__import__('os').geteuid() != 0", reason="only root can be another user")
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Of the folder, the user, its owner and what to do; exit 6 and no traceback."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    command = [
        "setpriv",
        "--reuid=10001",
        "--regid=10001",
        "--clear-groups",
        *arguments("serve", "--port", 0, "--data", folder),
    ]
    ran = subprocess.run(command, env=environment(), check=False, capture_output=True, text=True, timeout=30)
    if "setpriv" in ran.stderr or "No module" in ran.stderr or "Permission denied: '" in ran.stderr:
        pytest.skip("the other user cannot run this Python")
    assert ran.returncode == 6
    assert len(ran.stderr.splitlines()) == 1
    assert re.search(f"cannot write '{folder}': no permission for user 10001, '.*' belongs to user 0;", ran.stderr)
