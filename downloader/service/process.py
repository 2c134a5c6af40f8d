"""A job's process as the service sees it."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from downloader.service.channel import MOST_LINE, line

MOST_LOG = 4096
"""Bytes of what a dead process had to say that are looked at."""


class JobProcess:
    """Owns the process and our end of its channel. Used on the event loop alone."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, orders: dict[str, Any], log: Path, environment: Mapping[str, str]) -> Self:
        """Start a process and give it its orders; raises OSError where the system has none to give."""
        ours, theirs = socket.socketpair()
        try:
            with log.open("ab") as errors:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "downloader.service.child",
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=errors,
                    env=dict(environment),
                    start_new_session=True,  # a Ctrl-C in the service's terminal is the service's to judge
                )
            reader, writer = await asyncio.open_connection(sock=ours, limit=MOST_LINE)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        child = cls(process, reader, writer)
        child.tell(orders)
        return child

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def tell(self, message: dict[str, Any]) -> None:
        """Say something; a process that is gone does not hear it."""
        with suppress(OSError, RuntimeError):
            self._writer.write(line(message))

    async def heard(self) -> AsyncIterator[dict[str, Any]]:
        """Give what it says, until it is gone."""
        with suppress(OSError, ValueError):
            while raw := await self._reader.readline():
                yield json.loads(raw)

    async def end(self) -> int:
        """Wait for its end and give its status, negative for a signal; its own children go with it."""
        status = await self._process.wait()
        self._writer.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return status

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()


def death(status: int, log: Path) -> str:
    """Say of what a process died that had not said how its job ended."""
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - MOST_LOG))
            last = file.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    except OSError:
        last = []
    said = f", its last words: {last[0][:300]}" if last else ""
    return f"the job's process {how}{said}; what was done is recorded, resume goes on from there"
