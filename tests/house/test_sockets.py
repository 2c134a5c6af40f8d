"""The tests talk to this machine alone."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_other_addresses_are_blocked() -> None:
    """A connection to anywhere but the loopback fails the test that tries it."""
    with socket.socket() as sock, pytest.raises(SocketConnectBlockedError):
        sock.connect(("192.0.2.1", 80))
