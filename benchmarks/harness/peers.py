"""The peers: one entry is one tool, how it comes here, how it is called, and where it stored the image of each URL."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from harness.environments import environment
from harness.packages import Absent, program
from harness.turns import Tool, plain

JOBS = 64

TELL = ("--version",)
"""What most programs tell their version for; of the others the Python beside them is asked."""

CLIENTS = Path(__file__).parents[1] / "clients"

Places = Callable[[Sequence[str], Path], Mapping[str, Path]]


@dataclass(frozen=True, slots=True)
class Peer:
    """How a tool comes here and what it is told.

    ``install`` takes the folder that is kept between benchmarks and gives the program; it raises Absent. ``options``
    follow the program, with ``{list}`` and ``{folder}`` filled in, and ``{shard}`` for who wants its list in shares.
    """

    name: str
    install: Callable[[Path], Sequence[str]]
    options: Sequence[str]
    stored: Places
    listing: Callable[[Sequence[str], Path], str] = plain
    environment: Mapping[str, str] = field(default_factory=dict)
    version: Sequence[str] = TELL

    def tool(self, cache: Path, images: int, *more: str, name: str = "") -> Tool:
        """Bring it here and give it as what takes turns, with more options; raises Absent."""
        program = self.install(cache)
        fixed = [option.replace("{shard}", str(-(-images // SHARDS))) for option in (*self.options, *more)]

        def command(urls: Path, folder: Path) -> Sequence[str]:
            told = [option.replace("{list}", str(urls)).replace("{folder}", str(folder)) for option in fixed]
            return [*program, *told]

        return Tool(name or self.name, command, self.stored, self.environment, self.listing)

    def told(self, cache: Path) -> str:
        """Give its version, the first line that is said of it."""
        name = self.install(cache)[0]
        command = [name if self.version == TELL else str(Path(name).with_name("python")), *self.version]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        return next(iter(said.splitlines()), "").partition(" (")[0]


SHARDS = 8
"""Shares in which img2dataset gets the list. With its default, 10,000 a share, one of its two processes would do all
the work; each of them starts anew after five shares, so that more than ten would cost it imports."""


def package(name: str, package: str, _: Path) -> Sequence[str]:
    """Give a program of the system, see ``program``."""
    return [program(name, package)]


def installed(requirement: str, name: str, before: tuple[int, int] | None, cache: Path) -> Sequence[str]:
    """Give a command of a virtual environment of its own; raises Absent when it cannot be made."""
    try:
        return [str(environment(cache, requirement, before) / name)]
    except FileNotFoundError as error:
        raise Absent(f"{requirement} cannot be installed: {error}") from error
    except subprocess.CalledProcessError as error:
        why = next(iter((error.stderr or "").strip().splitlines()[-1:]), str(error))
        raise Absent(f"{requirement} cannot be installed: {why}") from error


def client(script: str, python: Callable[[Path], Sequence[str]], cache: Path) -> Sequence[str]:
    """Give a program of ours around somebody's library."""
    return [*python(cache), str(CLIENTS / script)]


def our_python(_: Path) -> Sequence[str]:
    """Give the Python that runs the benchmark: its aiohttp and requests are those of our own engines."""
    return [sys.executable]


def numbered(urls: Sequence[str], folder: Path) -> Mapping[str, Path]:
    """Give the files of a tool that was told to number them."""
    return {_numbered(urls, path): path for path in folder.iterdir()}


def _numbered(urls: Sequence[str], path: Path) -> str:
    whole = path.suffix == ".jpg" and path.stem.isdecimal() and int(path.stem) < len(urls)
    return urls[int(path.stem)] if whole else str(path)


def by_last_part(urls: Sequence[str], folder: Path) -> Mapping[str, Path]:
    """Give the files of a tool that names them by the end of the URL, query and all."""
    asked = {url.rpartition("/")[2]: url for url in urls}
    return {asked.get(unquote(path.name), str(path)): path for path in folder.iterdir()}


def beside_json(_: Sequence[str], folder: Path) -> Mapping[str, Path]:
    """Give the images of img2dataset, which writes what it knows of each beside it."""
    told = {path: json.loads(path.read_bytes()) for path in folder.glob("*/*.json")}
    return {about["url"]: path.with_suffix(".jpg") for path, about in told.items() if about["status"] == "success"}


def curl_config(urls: Sequence[str], folder: Path) -> str:
    """Give curl's config file: its way to many URLs with names of one's own."""
    return "".join(f'url = "{url}"\noutput = "{folder}/{number:06d}.jpg"\n' for number, url in enumerate(urls))


def aria2_input(urls: Sequence[str], _: Path) -> str:
    """Give aria2's list with names of one's own; without them two URLs with the same path would share a name."""
    return "".join(f"{url}\n  out={number:06d}.jpg\n" for number, url in enumerate(urls))


IMG2DATASET = partial(installed, "img2dataset==1.47.*", "img2dataset", (3, 13))  # imghdr, which Python 3.13 has no more

PARFIVE = partial(installed, "parfive==2.3.*", "python", None)

_ARIA2 = ("--no-conf", "--no-netrc", "--quiet", "--input-file={list}", "--dir={folder}")
_SCRIPT = ("{list}", "{folder}", str(JOBS))
_PARFIVE_VERSION = ("-c", "from importlib.metadata import version; print('parfive', version('parfive'))")
_LIBRARIES = ("-c", "import aiohttp, requests; print('aiohttp', aiohttp.__version__, 'requests', requests.__version__)")

_CURL = ("-q", "--silent", "--show-error", "--parallel", "--parallel-max", str(JOBS), "--config", "{list}")

PEERS = (
    Peer("curl", partial(package, "curl", "curl"), _CURL, numbered, curl_config),
    Peer(
        "wget2",
        partial(package, "wget2", "wget2"),
        ("--no-config", "--quiet", f"--max-threads={JOBS}", "--no-hsts", "--input-file={list}", "-P", "{folder}"),
        by_last_part,
    ),
    Peer("aria2c", partial(package, "aria2c", "aria2"), _ARIA2, numbered, aria2_input),
    Peer(
        "aria2c-tuned",
        partial(package, "aria2c", "aria2"),
        (
            *(*_ARIA2, "-j16", "-x1", "-s1", "--file-allocation=none"),
            *("--deferred-input=true", "--max-download-result=0", "--auto-save-interval=0"),
        ),
        numbered,
        aria2_input,
    ),
    Peer("parfive", partial(client, "parfive_list.py", PARFIVE), _SCRIPT, numbered, version=_PARFIVE_VERSION),
    Peer(
        "img2dataset",
        IMG2DATASET,
        (
            *("--url_list", "{list}", "--input_format", "txt", "--output_folder", "{folder}"),
            *("--output_format", "files", "--resize_mode", "no", "--disable_all_reencoding", "True"),
            *("--processes_count", "2", "--thread_count", str(JOBS // 2), "--number_sample_per_shard", "{shard}"),
            *("--disallowed_header_directives", "[]", "--retries", "0", "--enable_wandb", "False"),
        ),
        beside_json,
        environment={
            "NO_ALBUMENTATIONS_UPDATE": "1"
        },  # a library of its asks for its own newest version at every start
        version=("-c", "from importlib.metadata import version; print('img2dataset', version('img2dataset'))"),
    ),
    Peer("bare-aiohttp", partial(client, "aiohttp_loop.py", our_python), _SCRIPT, numbered, version=_LIBRARIES),
    Peer("bare-threads", partial(client, "requests_threads.py", our_python), _SCRIPT, numbered, version=_LIBRARIES),
)
