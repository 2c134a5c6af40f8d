"""Two ways to drive libcurl's multi interface, alike from outside: by select() for some transfers, by epoll for many.

``select`` looks at every transfer at each turn and stops at descriptor 1,024; ``epoll`` hears only of those that have
something to do, and pays for it with two calls of Python a transfer.
"""

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import pycurl

MOST_SELECTED = 100
"""Jobs up to which select() is the driver. A turn costs it 0.75 us for each transfer that waits, and epoll 4 us for any
number; under load though, with many ended at each turn, select() saves a tenth of what an image costs."""


_SELECTABLE = 1024
"""FD_SETSIZE: select() knows no higher descriptors, and a program that calls us may have many of its own."""


class Driver(Protocol):
    """Runs transfers and waits for them. Used by one thread, but for ``wake``.

    None begins in the same breath in which others go on: whoever begins looks for a connection to use again, and drops
    those it finds dead. A transfer that has just ended would not be told from one whose connection libcurl dropped.
    """

    multi: Any  # pycurl.CurlMulti

    def begin(self) -> None:
        """Have the transfers begin that have been added."""

    def turn(self, timeout: float) -> None:
        """Have libcurl do what is due, waiting up to so many seconds for something to do, or a ``wake``."""

    def wake(self) -> None:
        """End a wait that is under way, or the next. Safe to call from other threads and signal handlers."""

    def close(self) -> None:
        """Close the connections that are kept; transfers must have been taken out before."""


def make_driver(jobs: int, connections: int) -> Driver:
    """Make the driver that fits so many jobs, with so many connections at most."""
    if not hasattr(select, "epoll"):
        return Selecting(connections)
    if jobs <= MOST_SELECTED:
        driver = Selecting(connections)
        if driver.first + connections + 3 * jobs < _SELECTABLE:
            return driver
        driver.close()
    return Polling(connections)


def ended(multi: Any) -> Iterator[tuple[Any, int, str]]:
    """Give the transfers that have ended: the handle, libcurl's code, 0 for well, and what it says."""
    left = 1
    while left:
        left, good, bad = multi.info_read()
        for easy in good:
            yield easy, 0, ""
        yield from bad


class _Bell:
    """A pipe to end a wait with: all that may be written to from a signal handler."""

    def __init__(self) -> None:
        self.heard, self._rope = os.pipe()
        os.set_blocking(self.heard, False)
        os.set_blocking(self._rope, False)
        self._rung = False

    def ring(self) -> None:
        if not self._rung:
            self._rung = True
            with suppress(OSError):  # closed: the job is over
                os.write(self._rope, b"!")

    def hush(self) -> None:
        with suppress(BlockingIOError):
            os.read(self.heard, 64)
        self._rung = False  # behind the read: what it took away must be able to be rung anew

    def close(self) -> None:
        self._rung = True  # whoever still rings writes to no descriptor that may be another's by now
        os.close(self.heard)
        os.close(self._rope)


class _Bounded:
    def __init__(self, connections: int) -> None:
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, connections)
        self._bell = _Bell()
        self.wake: Callable[[], None] = self._bell.ring

    def close(self) -> None:
        self.multi.close()
        self._bell.close()


class Selecting(_Bounded):
    """curl_multi_perform, and select() on what it waits for."""

    @property
    def first(self) -> int:
        """The descriptor of its own: those of its connections lie about as high, and above."""
        return self._bell.heard

    def begin(self) -> None:
        """Have the transfers begin that have been added."""
        if not self.multi.timeout():
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def turn(self, timeout: float) -> None:
        """Have transfers begin, wait, then have every one do what it can."""
        self.begin()
        multi = self.multi
        if (asked := multi.timeout()) >= 0:
            timeout = min(timeout, asked / 1000)
        if timeout:
            readable, writable, odd = multi.fdset()
            readable.append(self._bell.heard)
            if self._bell.heard in select.select(readable, writable, odd, timeout)[0]:
                self._bell.hush()
        multi.perform()


class Polling(_Bounded):
    """curl_multi_socket_action, and epoll on the sockets that libcurl names."""

    def __init__(self, connections: int) -> None:
        super().__init__(connections)
        self._epoll = select.epoll()
        self._epoll.register(self._bell.heard, select.EPOLLIN)
        self._watched: dict[int, int] = {}
        self._due: float | None = None  # monotonic seconds, when libcurl wants to be called
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self._set_due)

    def begin(self) -> None:
        """Have the transfers begin that have been added."""
        if self._due is not None and self._due <= time.monotonic():
            self._due = None
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def turn(self, timeout: float) -> None:
        """Have transfers begin, wait, then have those work whose sockets are ready."""
        self.begin()
        if self._due is not None:
            timeout = min(timeout, max(0.0, self._due - time.monotonic()))
        for descriptor, events in self._epoll.poll(timeout):
            if descriptor == self._bell.heard:
                self._bell.hush()
                continue
            action = pycurl.CSELECT_IN if events & _READABLE else 0
            self.multi.socket_action(descriptor, action | (pycurl.CSELECT_OUT if events & select.EPOLLOUT else 0))

    def close(self) -> None:
        """Close the connections that are kept."""
        super().close()
        self._epoll.close()

    def _watch(self, what: int, descriptor: int, *_: object) -> None:
        known = self._watched.get(descriptor)
        if what == pycurl.POLL_REMOVE:
            if known is not None:
                del self._watched[descriptor]
                with suppress(OSError):  # closed already: the system has taken it out
                    self._epoll.unregister(descriptor)
            return
        events = _EVENTS[what]
        if known is None:
            self._epoll.register(descriptor, events)
        elif known != events:
            self._epoll.modify(descriptor, events)
        self._watched[descriptor] = events

    def _set_due(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


if hasattr(select, "epoll"):
    _READABLE = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP
    _EVENTS = {
        pycurl.POLL_NONE: 0,
        pycurl.POLL_IN: select.EPOLLIN,
        pycurl.POLL_OUT: select.EPOLLOUT,
        pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
    }
