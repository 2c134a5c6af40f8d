"""pytest-httpserver made parallel: many requests at once, and connections that are kept alive.

As it comes, it answers one request after another and closes each connection: nothing about concurrency or
connections can be learned from it. Import ``make_httpserver`` and ``httpserver`` into a conftest.
"""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pytest_httpserver import HTTPServer, HTTPServerError
from werkzeug import Request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

PATIENCE = 5.0
"""Seconds the threads of a stopped server may take to end."""


class KeepAliveHandler(WSGIRequestHandler):
    """Answers request after request on one connection; werkzeug's own closes it after the first.

    It also sends each answer in one piece: a head and a body sent apart wait 40 ms for one another on a
    connection that is kept alive (Nagle's algorithm against delayed acknowledgements).
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request; its body has been read to the end by the server's application."""
        answer: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            answer.update(status=status, headers=headers)

        result = self.server.app(self.make_environ(), start_response)
        try:
            body = b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        self._send(answer["status"], answer["headers"], body)

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or code in ("204", "304")
        if "content-length" not in names and not bodiless:
            self.send_header("Content-Length", str(len(body)))
        self._headers_buffer.append(b"\r\n" + (b"" if bodiless else body))
        self.flush_headers()

    def log_request(self, *args: object) -> None:
        """Say nothing: the server's own log holds every request."""


class ParallelWSGIServer(ThreadedWSGIServer):
    """One thread a connection; ends them all when it is closed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.accepted = 0
        self._open: dict[socket.socket, threading.Thread | None] = {}
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection its thread."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name=f"httpserver-{self.accepted}",
            daemon=True,
        )
        with self._lock:
            self.accepted += 1
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Hang up on every client and join every thread."""
        super().server_close()
        with self._lock:
            still_open = dict(self._open)
        for connection in still_open:
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)
        for thread in still_open.values():
            thread.join(PATIENCE)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client that hung up pass; anything else is a defect of a test, and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class ParallelHTTPServer(HTTPServer):
    """A pytest-httpserver whose requests overlap and whose connections live on."""

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        assert self.server is not None
        return self.server.accepted

    def start(self) -> None:
        """Start serving."""
        if self.is_running():
            raise HTTPServerError("Server is already running")
        app = Request.application(self.application)
        self.server = ParallelWSGIServer(self.host, self.port, app, KeepAliveHandler, ssl_context=self.ssl_context)
        self.port = self.server.port
        self.server_thread = threading.Thread(target=self.thread_target, name="httpserver", daemon=True)
        self.server_thread.start()


@pytest.fixture(scope="session")
def make_httpserver() -> Iterator[ParallelHTTPServer]:
    """Give the server all tests of a session share."""
    with ParallelHTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture
def httpserver(make_httpserver: ParallelHTTPServer) -> Iterator[ParallelHTTPServer]:
    """Give the server, cleared; a request without a handler, or a handler that raised, fails the test."""
    make_httpserver.clear()
    yield make_httpserver
    make_httpserver.check()
