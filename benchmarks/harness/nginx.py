"""One nginx worker on the loopback, from a configuration of its own, as nobody in particular."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where packages put nginx, and where the PATH of ordinary users does not look."""

START = 10.0
"""Seconds in which it must answer."""

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=20000 inactive=10m;
    types {{ image/jpeg jpg; image/png png; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""
"""Without a master the one process is the worker: its CPU is all that serving costs."""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A server at work."""

    port: int
    pid: int

    @property
    def address(self) -> str:
        """Give the start of its URLs, up to the path."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Give the CPU seconds that it has spent."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def found() -> str:
    """Give the path of nginx; raises FileNotFoundError that says how to get it."""
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    if not path:
        raise FileNotFoundError("nginx is not installed: on Debian and Ubuntu, apt-get install nginx-light")
    return path


@contextmanager
def serving(root: Path) -> Iterator[Nginx]:
    """Serve the files below ``root``, which everybody must be able to read."""
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        folder, port = Path(name), _free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, root=root), "utf-8")
        command = [found(), "-p", name, "-c", str(configuration), "-e", "stderr"]
        with subprocess.Popen(command, **_unprivileged(folder)) as process:
            try:
                _await(process, port, folder / "error.log")
                yield Nginx(port, process.pid)
            finally:
                process.terminate()


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Give the arguments that keep root out of it, with the folder made theirs."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    raise RuntimeError(f"nginx did not answer on port {port}, saying {said!r}")
