"""Pointing a handle: to which URL, at which addresses, by which proxy and with which words. Only what is new is set."""

from collections.abc import Sequence
from typing import Any

import pycurl

from downloader.engines.easy import Lines
from downloader.engines.hop import Hop
from downloader.engines.pins import Pins, known_as
from downloader.policy.guard import Guard
from downloader.policy.heads import basic
from downloader.policy.routes import Proxy


class Aim:
    """What one handle is pointed at."""

    def __init__(self, easy: Any, guard: Guard, pins: Pins, lines: Lines) -> None:
        self._easy = easy
        self._guard = guard
        self._pins = pins
        self._lines = lines
        self._said: Sequence[str] = ()
        self._via: Proxy | None = None

    def at(self, hop: Hop, url: str, found: Sequence[str]) -> None:
        """Point at a hop whose host, or proxy, was found at these addresses. Raises PrivateAddress."""
        easy = self._easy
        if entries := self._pins.entries(*self._endpoint(hop, found)):
            easy.setopt(pycurl.RESOLVE, entries)
        easy.setopt(pycurl.URL, url)
        said = self._lines.of(hop, url)
        if said is not self._said:
            easy.setopt(pycurl.HTTPHEADER, said)
            self._said = said
        if hop.via is not self._via:
            self._go_through(hop.via)

    def _endpoint(self, hop: Hop, found: Sequence[str]) -> tuple[str, int, Sequence[str]]:
        """Give what is connected to, and those of its addresses that may be."""
        if hop.via:  # where it stands is the operator's choice
            return hop.via.host, hop.via.port, found
        return known_as(hop.host), hop.port, self._guard.permit(hop.host, hop.port, found)

    def _go_through(self, via: Proxy | None) -> None:
        self._via = via
        self._easy.setopt(pycurl.PROXY, via.url if via else "")
        login = [f"Proxy-Authorization: {basic(*via.login)}"] if via and via.login else []
        self._easy.setopt(pycurl.PROXYHEADER, ["Proxy-Connection:", *login])
