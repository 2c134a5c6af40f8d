"""What one would write without us: 64 tasks, one aiohttp session, each body into a file, nothing checked.

python aiohttp_loop.py LIST FOLDER JOBS
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp


async def work(session: aiohttp.ClientSession, tasks: Iterator[tuple[int, str]], folder: Path) -> None:
    """Take tasks until none is left."""
    for number, url in tasks:
        async with session.get(url) as response:
            body = await response.read()
        with open(f"{folder}/{number:06d}.jpg", "wb") as file:  # noqa: ASYNC230, PTH123 - as bare as can be
            file.write(body)


async def main() -> None:
    """Fetch the list."""
    urls, folder, jobs = Path(sys.argv[1]).read_text("utf-8").split(), Path(sys.argv[2]), int(sys.argv[3])  # noqa: ASYNC240 - before the first request
    tasks = enumerate(urls)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=jobs)) as session,
        asyncio.TaskGroup() as crew,
    ):
        for _ in range(jobs):
            crew.create_task(work(session, tasks, folder))


asyncio.run(main())
