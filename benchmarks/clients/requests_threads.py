"""What one would write without us: 64 threads, each with a requests.Session of its own, nothing checked.

python requests_threads.py LIST FOLDER JOBS
"""

import queue
import sys
import threading
from pathlib import Path

import requests


def work(tasks: "queue.SimpleQueue[tuple[int, str]]", folder: Path) -> None:
    """Take tasks until none is left."""
    with requests.Session() as session:
        while True:
            try:
                number, url = tasks.get_nowait()
            except queue.Empty:
                return
            body = session.get(url, timeout=60).content
            with open(f"{folder}/{number:06d}.jpg", "wb") as file:  # noqa: PTH123 - as bare as can be
                file.write(body)


def main() -> None:
    """Fetch the list."""
    urls, folder, jobs = Path(sys.argv[1]).read_text("utf-8").split(), Path(sys.argv[2]), int(sys.argv[3])
    tasks: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    for task in enumerate(urls):
        tasks.put(task)
    crew = [threading.Thread(target=work, args=(tasks, folder)) for _ in range(jobs)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


main()
