"""How strangers come to the service: bytes as they are, and a service that asks for a token."""

import socket
from urllib.parse import urlsplit

from tests.service.serving import Served

TOKEN = "a-token-that-nobody-guesses-0123456789"
JOBS = "/api/v1/jobs"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def connected(service: Served, *, window: int = 0) -> socket.socket:
    """Connect; ``window`` bounds, in bytes, what the system takes in for a client that does not read."""
    at = urlsplit(service.url)
    sock = socket.socket()
    sock.settimeout(60)
    if window:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    sock.connect((at.hostname, at.port))
    return sock


def raw(service: Served, request: bytes) -> bytes:
    """Send bytes as they are, and give the answer."""
    with connected(service) as sock:
        sock.sendall(request)
        return rest(sock)


def rest(sock: socket.socket) -> bytes:
    """Give what comes until the end."""
    answer = b""
    while piece := sock.recv(65536):
        answer += piece
    return answer


def status(answer: bytes) -> int:
    """Give the status of an answer."""
    return int(answer.split()[1])
