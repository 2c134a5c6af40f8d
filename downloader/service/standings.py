"""How jobs stand: kept in the store, and told to those who listen."""

import asyncio
from typing import Any

from downloader.errors import DownloaderError
from downloader.service.feeds import Feeds
from downloader.service.runs import Runs
from downloader.service.states import MAY
from downloader.service.store import Key, Record, Store


class Conflict(DownloaderError):
    """A word that cannot be said to a job as it stands."""


class NoSuchJob(DownloaderError):
    """There is no job of this id."""


class Standings:
    """Owns the lock under which states change. Used on the event loop alone."""

    def __init__(self, store: Store, feeds: Feeds, runs: Runs) -> None:
        self.changing = asyncio.Lock()
        self._store = store
        self._feeds = feeds
        self._runs = runs

    async def add(self, record: Record, key: Key | None) -> Record | None:
        """Keep and tell a new job; gives None where its key is taken."""
        added = await asyncio.to_thread(self._store.add, record, key)
        if added:
            self._tell(added)
        return added

    async def find(self, job: str) -> Record:
        """Give a job; raises NoSuchJob."""
        record = await asyncio.to_thread(self._store.get, job)
        if record is None:
            raise NoSuchJob(f"there is no job {job!r}")
        return record

    async def may(self, job: str, word: str) -> Record:
        """Give a job to which a word may be said; raises Conflict where it may not."""
        record = await self.find(job)
        if record.state not in MAY[word]:
            when = ", ".join(sorted(state.value for state in MAY[word]))
            raise Conflict(f"job {job!r} cannot {word} now: it is {record.state.value}; only these can: {when}")
        return record

    async def enter(self, job: str, **values: Any) -> Record:
        """Write a change down, and tell it."""
        await asyncio.to_thread(self._store.change, job, **values)
        record = await self.find(job)
        if run := self._runs.of(job):
            run.record = record
        self._tell(record)
        return record

    async def note(self, job: str, **values: Any) -> None:
        """Write down what nobody needs to hear of."""
        await asyncio.to_thread(self._store.change, job, **values)

    async def remove(self, job: str) -> None:
        """Forget a job, and tell so."""
        await asyncio.to_thread(self._store.remove, job)
        self._feeds.drop(job)
        self._feeds.of("").tell("deleted", {"id": job})

    def tell_done(self, record: Record) -> None:
        """Tell that a job has ended, and how."""
        self._feeds.of(record.id).tell("done", self._runs.describe(record))

    def _tell(self, record: Record) -> None:
        told = self._runs.describe(record)
        self._feeds.of(record.id).tell("job", told)
        self._feeds.of("").tell("job", told)
