"""The peers side by side, and what of ours is to be held to a bar: one command.

    python benchmarks/bench.py [--rows files,latency] [--tools ours-curl,curl] [--rounds 5] [--quick] [--out DIR]

It brings what it needs, runs all on the loopback, and writes tables.md and figures.json. Without --rows all rows run.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from harness import packages, report
from harness.contest import say
from harness.ours import ENGINES
from harness.peers import PEERS
from harness.stage import Stage, Told
from harness.tools import told

ROWS = ("files", "latency", "dead", "https", "resize", "lines")
"""The modules of ``rows``, in the order in which they run."""

TOOLS = (*ENGINES, *(peer.name for peer in PEERS), "curl-http1.1", "ours-good", "ours-fast")
"""All names in the tables."""

JOBS = [64, 256, 1000]

ROUNDS, QUICK_ROUNDS = 5, 1

QUICK_ROOM = 2
"""GiB that the runs of a quick benchmark fill."""


def cache() -> Path:
    """Give the folder that keeps corpora and peers from one benchmark to the next."""
    return Path(tempfile.gettempdir(), f"downloader-benchmarks-{os.getuid()}")


def names(text: str) -> Sequence[str]:
    """Read names with commas between them."""
    return [name for name in text.split(",") if name]


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--rows", type=names, default=ROWS, metavar="A,B", help=f"of {', '.join(ROWS)} (default: all)")
    add("--tools", type=names, default=(), metavar="A,B", help="by their names in the tables (default: all)")
    add("--rounds", type=int, metavar="N", help=f"runs of each tool (default {ROUNDS}, {QUICK_ROUNDS} with --quick)")
    add("--images", type=int, metavar="N", help="longest list of any row but lines (default: each row's own)")
    add("--jobs", type=lambda text: [*map(int, names(text))], metavar="N,M", help="of the rows latency and dead")
    add("--quick", action="store_true", help="short lists, one run: a look, no evidence")
    add("--out", type=Path, default=Path("build/benchmarks"), metavar="DIR", help="of both files (default %(default)s)")
    own = shlex.quote(str(Path(sys.executable).with_name("downloader")))
    add("--downloader", default=own, metavar="COMMAND", help="ours (default: this Python's)")
    add("--cache", type=Path, default=cache(), metavar="DIR", help="of corpora and peers (default %(default)s)")
    chosen = parser.parse_args()
    if unknown := set(chosen.rows) - set(ROWS):
        parser.error(f"no row is called {', '.join(sorted(unknown))}: choose of {', '.join(ROWS)}")
    if unknown := set(chosen.tools) - set(TOOLS):
        parser.error(f"no tool is called {', '.join(sorted(unknown))}: choose of {', '.join(TOOLS)}")
    return chosen


def stage_of(chosen: argparse.Namespace, folder: Path) -> Stage:
    """Give what the command line asks for."""
    return Stage(
        downloader=shlex.split(chosen.downloader),
        cache=chosen.cache,
        folder=folder,
        rounds=chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS),
        quick=chosen.quick,
        longest=chosen.images,
        wanted=frozenset(chosen.tools),
        jobs=chosen.jobs or JOBS,
    )


def bench(stage: Stage, rows: Sequence[str], out: Path) -> str:
    """Run the rows, and give the tables; both files are written after each, so that what ends it takes only its own."""
    about, begin = report.machine(), time.monotonic()
    texts, data = [heading(stage, about)], {}
    for name in rows:
        say(f"# {name}")
        row = module(name)
        try:
            came = row.bench(stage)
        except packages.Absent as absent:
            came = Told(f"Not here: {absent}", {"without": str(absent)})
        texts.append(f"### {row.TITLE}{' (quick)' if stage.quick else ''}\n\n{came.text}")
        data[name] = came.data
        about["seconds"] = time.monotonic() - begin
        text = "\n\n".join([*texts, f"### How each was called\n\n{told(stage, data)}"]) + "\n"
        (out / "tables.md").write_text(text, "utf-8")
        whole = {"machine": about, "quick": stage.quick, "rounds": stage.rounds, "rows": data}
        (out / "figures.json").write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    return text


def module(row: str) -> Any:
    """Give the module of a row; each needs libraries of its own."""
    return import_module(f"rows.{row}")


def heading(stage: Stage, about: Mapping[str, Any]) -> str:
    """Say what was run, and when a figure is no evidence."""
    load = f"load {about['load'][0]:.1f} at the start"
    machine = f"{about['at']}, {about['cores']} cores, {load}, {about['system']}, Python {about['python']}"
    quick = "**Quick: short lists and few runs. A look, no evidence.** " if stage.quick else ""
    runs = "1 run" if stage.rounds == 1 else f"{stage.rounds} runs"
    return f"{quick}{runs} of each tool, in turn. {machine}."


def usable(chosen: argparse.Namespace) -> None:
    """End with one line unless there is room for what is kept and for the runs."""
    chosen.cache.mkdir(exist_ok=True, parents=True)
    if chosen.cache.stat().st_uid != os.getuid():
        sys.exit(f"{str(chosen.cache)!r} belongs to somebody else: name another folder with --cache")
    rounds = (chosen.rounds or ROUNDS) / ROUNDS
    need = QUICK_ROOM if chosen.quick or chosen.images else sum(module(row).ROOM for row in chosen.rows) * rounds
    free = shutil.disk_usage(tempfile.gettempdir()).free / (1 << 30)
    if free < need:
        sys.exit(f"{tempfile.gettempdir()!r} has {free:.0f} GiB free of {need:.0f} that the runs fill: set TMPDIR")


def main() -> None:
    """Measure, print the tables, and write both files."""
    chosen = options()
    if sys.platform != "linux":
        sys.exit("the benchmarks need Linux: they ask /proc, and the loopback for many addresses")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what runs is ended, folders deleted
    usable(chosen)
    out: Path = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="downloader-bench-") as folder:
        Path(folder).chmod(0o755)
        print(bench(stage_of(chosen, Path(folder)), chosen.rows, out))
    say(f"{out / 'tables.md'}, {out / 'figures.json'}")


if __name__ == "__main__":
    main()
