"""The bell that ends a wait of the curl engine."""

import os
import select

import pytest

from downloader.engines import multi


def is_heard(bell: multi._Bell) -> bool:
    """Tell whether a wait would end."""
    return bool(select.select([bell.heard], [], [], 0)[0])


def test_who_rings_while_it_is_hushed_is_heard_or_the_next_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may ring at any moment of hush(): it never leaves the bell deaf."""
    bell, read = multi._Bell(), os.read

    def reading(descriptor: int, count: int) -> bytes:
        bell.ring()
        return read(descriptor, count)

    bell.ring()
    assert is_heard(bell)
    with monkeypatch.context() as patched:
        patched.setattr(os, "read", reading)
        bell.hush()
    bell.ring()
    assert is_heard(bell)
    bell.close()
