"""Raw data of comparisons that never ran, as a real one would give them, from a seed."""

import random
from dataclasses import dataclass, field
from typing import Any

SEED = 7
ENGINES = ("sequential", "thread", "async")
HOSTILE = "</script><script>alert(1)</script>\"'&<b>\x1b[31m\x00\ud800]]>"


@dataclass(frozen=True)
class Made:
    """What to make: counts, seconds, the noise of a run as a share of its time."""

    engines: tuple[str, ...] = ENGINES
    images: int = 200
    jobs: int = 16
    runs: int = 5
    latency: float = 0.1
    noise: float = 0.02
    sweep: tuple[int, ...] = ()
    seed: int = SEED
    cost: dict[str, float] = field(default_factory=lambda: {"thread": 0.0035, "async": 0.0016, "sequential": 0.0016})


def document(made: Made = Made()) -> dict[str, Any]:
    """Make the raw data of a comparison."""
    chance = random.Random(made.seed)
    seats = list(enumerate(made.engines))
    results = [run(made, seat, number, chance) for number in range(made.runs) for seat in seats]
    swept = [
        run(made, seat, number, chance, jobs=jobs)
        for jobs in made.sweep for seat in seats if seat[1] != "sequential" for number in range(3)
    ]  # fmt: skip
    return {
        "command": f"downloader compare --images {made.images} --hosts 16 --latency 100ms --size 20k "
        f"--engines {','.join(made.engines)} --jobs {made.jobs} --runs {made.runs} --report compare.html",
        "environment": {
            "python": "3.11.7 (GIL)", "platform": "Linux 6.1 x86_64, glibc 2.36", "cores": 2,
            "packages": {"requests": "2.32.5", "aiohttp": "3.13.4", "urllib3": "2.5.0"},
        },
        "server": {
            "hosts": 16, "latency": made.latency, "size": 20480, "seed": made.seed,
            "model": "lognormal around the median, sigma 0.25",
        },
        "images": made.images, "jobs": made.jobs, "runs": made.runs, "engines": list(made.engines),
        "results": results, "sweep": swept,
    }  # fmt: skip


def run(
    made: Made, seated: tuple[int, str], number: int, chance: random.Random, jobs: int | None = None
) -> dict[str, Any]:
    """Make one run: each slot takes the next image as it falls free, one core does the work of all."""
    seat, engine = seated
    jobs = 1 if engine == "sequential" else jobs or made.jobs
    cost = made.cost.get(engine, 0.002)
    attempts = list(_attempts(made, engine, jobs, cost, chance))
    seconds = max(one["start"] + one["seconds"] for one in attempts) * (1 + abs(chance.gauss(0, made.noise)))
    return {
        "engine": engine, "seat": seat, "jobs": jobs, "round": number, "seconds": seconds,
        "startup": 0.31 + chance.random() / 20, "cpu": made.images * cost * chance.uniform(0.95, 1.05),
        "saved": made.images, "failed": {}, "bytes": made.images * 20480, "digest": "5f0c" * 16,
        "peak_memory": int((48 + 0.4 * jobs) * 2**20 * chance.uniform(0.98, 1.02)),
        "threads": jobs + 2 if engine == "thread" else 3, "voluntary": int(made.images * chance.uniform(8, 11)),
        "involuntary": int(chance.uniform(20, 80)), "others": round(chance.uniform(0.0, 0.1), 3), "attempts": attempts,
    }  # fmt: skip


def _attempts(made: Made, engine: str, jobs: int, cost: float, chance: random.Random):
    free = [0.0] * jobs
    core = 0.0
    fresh = set(range(min(16, made.images)))
    for index in range(made.images):
        slot = min(range(jobs), key=lambda at: free[at])
        start = max(free[slot], core)
        core = start + cost  # one interpreter hands out the work
        first_byte = made.latency * chance.lognormvariate(0, 0.25)
        connect = chance.uniform(0.001, 0.004) if index in fresh else 0.0
        body, check, write = (cost * share * chance.uniform(0.6, 1.6) for share in (1.2, 0.3, 0.5))
        spent = cost * 0.4 + connect + first_byte + body + check + write
        yield {
            "index": index, "start": start,
            "queue": start - free[slot], "dns": 0.0004 if index in fresh else 0.0, "connect": connect,
            "first_byte": first_byte, "body": body, "check": check, "write": write,
            "code": "busy" if chance.random() < 0.004 else None, "seconds": spent,
        }  # fmt: skip
        free[slot] = start + spent


def hostile() -> dict[str, Any]:
    """Make raw data with every string as wicked as it can be."""
    found = document(Made(engines=("sequential", HOSTILE), images=20, runs=3, sweep=(1, 4)))
    found["command"] = HOSTILE
    found["environment"] = {"python": HOSTILE, "platform": HOSTILE, "cores": 2, "packages": {HOSTILE: HOSTILE}}
    found["server"]["model"] = HOSTILE
    for result in [*found["results"], *found["sweep"]]:
        result["failed"] = {HOSTILE: 1}
        for attempt in result["attempts"]:
            attempt["code"] = HOSTILE
    return found
