"""What the length of a list costs: a million lines, half of them twins, through the command line.

    python benchmarks/long_list.py --engines async,thread --lines 1000000

Only the first line is a URL, of a server that notes when it is asked; all others are refused as bad-url. So each goes
the whole way from the list to the manifest, and what is measured is that way and no network.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from downloader.imageserver import picture

STRETCH = 1000
"""So many lines follow, then the very same again."""

LOOK = 0.1
"""Seconds between two looks at the memory of a run."""

LIMIT = 1800.0
"""Seconds a run may take."""

BARS = "| bar | | 2 | 250 | | |"
"""What users are promised: work begins at once, and ten million lines fit into what a small machine has."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds from the start of its process, and bytes."""

    first_request: float
    seconds: float
    memory: int


def lines(count: int, first: str) -> Iterator[str]:
    """Give the list, half of it twins."""
    yield first
    for begin in range(0, count // 2, STRETCH):
        stretch = [f"no-scheme/{number}.jpg\n" for number in range(begin, min(begin + STRETCH, count // 2))]
        yield from stretch
        yield from stretch


def run(engine: str, listener: socket.socket, urls: Path, folder: Path) -> Measured:
    """Run the list to its end, answering its one request."""
    command = [sys.executable, "-m", "downloader", "get", "-i", str(urls), "-o", str(folder)]
    begin = time.monotonic()
    with subprocess.Popen(
        [*command, "--engine", engine, "--allow-private", "--progress", "none"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            first = _answer_once(listener) - begin
            memory = _peak(process, begin + LIMIT)
        finally:
            process.kill()
    return Measured(first, time.monotonic() - begin, memory)


def _answer_once(listener: socket.socket) -> float:
    """Answer one request, and give the time at which it came."""
    body = picture(0, 1024, 1)
    connection, _ = listener.accept()
    with connection:
        at = time.monotonic()
        connection.recv(65536)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
    return at


def _peak(process: "subprocess.Popen[bytes]", until: float) -> int:
    """Wait for the end of a process, and give the most memory that it held; VmHWM is gone with the process."""
    peak, status = 0, Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        if time.monotonic() > until:
            raise TimeoutError(f"the run did not end within {LIMIT:g} s")
        peak = max([peak, *(int(line.split()[1]) << 10 for line in _told(status) if line.startswith("VmHWM:"))])
        time.sleep(LOOK)
    return peak


def _told(status: Path) -> Sequence[str]:
    try:
        return status.read_text("ascii").splitlines()
    except OSError:
        return ()  # it ended just now


def row(engine: str, count: int, measured: Measured) -> str:
    """Give a row of the table."""
    cells = [
        engine,
        f"{count:,}",
        f"{measured.first_request:.2f}",
        f"{measured.memory / (1 << 20):.0f}",
        f"{measured.seconds:.0f}",
        f"{count / measured.seconds:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engines", type=lambda text: text.split(","), default=["async"], metavar="A,B")
    parser.add_argument("--lines", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    return parser.parse_args()


def main() -> None:
    """Measure, and print a Markdown table row by row."""
    chosen = options()
    print("| engine | lines | first request, s | most memory, MiB | whole run, s | lines/s |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="long-list-") as root, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        urls = Path(root, "urls.txt")
        with urls.open("w", encoding="ascii") as file:
            file.writelines(lines(chosen.lines, f"http://127.0.0.1:{listener.getsockname()[1]}/first.jpg\n"))
        for number in range(chosen.rounds):
            for engine in chosen.engines:
                measured = run(engine, listener, urls, Path(root, f"{engine}-{number}"))
                print(row(engine, chosen.lines, measured), flush=True)
    print(BARS)


if __name__ == "__main__":
    main()
