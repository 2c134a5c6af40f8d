"""One nginx worker on the loopback, from a configuration of its own, as nobody in particular."""

import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.packages import program

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
    log_not_found off;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
    {tls}
}}
"""
"""Without a master the one process is the worker: its CPU is all that serving costs."""

_TLS = """server {{
        listen 127.0.0.1:{port} ssl http2 backlog=4096;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        root {root};
    }}"""
"""It speaks HTTP/2 and HTTP/1.1, whichever the client asks for."""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A server at work."""

    port: int
    pid: int
    scheme: str = "http"

    @property
    def address(self) -> str:
        """Give the start of its URLs, up to the path."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Give the CPU seconds that it has spent."""
        return cpu_of(self.pid)


def cpu_of(pid: int) -> float:
    """Give the CPU seconds that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(root: Path, authority: Path | None = None) -> Iterator[Nginx]:
    """Serve the files below ``root``, which everybody must be able to read.

    With ``authority`` it speaks TLS, and the certificate to trust is written into that file. Raises Absent when no
    nginx is here and none may be installed.
    """
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        folder, port = Path(name), _free_port()
        configuration = folder / "nginx.conf"
        tls = _TLS.format(folder=folder, port=port, root=root) if authority else ""
        plain = _free_port() if authority else port
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=plain, root=root, tls=tls), "utf-8")
        if authority:
            _certify(folder, authority)
        command = [program("nginx", "nginx-light"), "-p", name, "-c", str(configuration), "-e", "stderr"]
        with subprocess.Popen(command, **_unprivileged(folder)) as process:
            try:
                _await(process, port, folder / "error.log")
                yield Nginx(port, process.pid, "https" if authority else "http")
            finally:
                process.terminate()


def _certify(folder: Path, authority: Path) -> None:
    """Write a certificate for the loopback and its key, and that of the authority that vouches for them."""
    import trustme  # only where TLS is spoken

    own = trustme.CA()
    issued = own.issue_cert("127.0.0.1")
    own.cert_pem.write_to_path(str(authority))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    for link in issued.cert_chain_pems:
        link.write_to_path(str(folder / "certificate.pem"), append=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Give the arguments that keep root out of it, with the folder made theirs."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
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
