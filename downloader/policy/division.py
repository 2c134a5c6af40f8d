"""A job's limits, divided over its processes: what they do together is what was asked."""

from collections.abc import Sequence
from dataclasses import replace

from downloader.errors import UsageError
from downloader.measures import AUTO
from downloader.settings import Settings


def processes(settings: Settings, cores: int) -> tuple[int, str]:
    """Give how many processes share a job, and what a person should know of that, which may be nothing.

    Raises UsageError where more than one are asked for and the work cannot be shared.
    """
    asked = settings.pace.processes
    wanted = cores if asked == AUTO else int(asked)
    if wanted == 1:
        return 1, ""
    if reason := _undivided(settings):
        if asked == AUTO:
            return 1, f"--processes 1: {reason}"
        raise UsageError(f"--processes cannot be {wanted}: {reason}; leave it out")
    most, flag = min(_most(settings))
    if wanted <= most:
        return wanted, ""
    said = f"--processes {most}" + (f" instead of {wanted}" if asked != AUTO else "")
    return most, f"{said}: {flag} {most} cannot be divided further"


def _undivided(settings: Settings) -> str:
    if settings.process.dedupe:
        return "--dedupe keeps the first of all images, and one process must see them all"
    if settings.pace.engine == "sequential":
        return "--engine sequential asks for one image after another"
    return ""


def _most(settings: Settings) -> Sequence[tuple[int, str]]:
    bounds = [(settings.pace.jobs, "--jobs"), (settings.reach.dns_jobs, "--dns-jobs")]
    bounds += [(settings.pace.look_ahead, "--look-ahead")]
    workers = settings.process.workers
    if settings.works_on_images and workers not in (0, AUTO):
        bounds.append((int(workers), "--workers"))
    return bounds


def divided(settings: Settings, among: int) -> Sequence[Settings]:
    """Give each of so many processes its part; what is a limit of one host is the binding's to divide."""
    return [_part(settings, among, at) for at in range(among)]


def _part(settings: Settings, among: int, at: int) -> Settings:
    def own(whole: int) -> int:
        return whole // among + (at < whole % among)

    pace, workers = settings.pace, settings.process.workers
    return replace(
        settings,
        pace=replace(
            pace,
            processes=1,
            jobs=own(pace.jobs),
            look_ahead=own(pace.look_ahead),
            rate=pace.rate / among,
            # At least a byte: none would mean no limit.
            limit_rate=max(1, own(pace.limit_rate)) if pace.limit_rate else 0,
        ),
        reach=replace(settings.reach, dns_jobs=own(settings.reach.dns_jobs)),
        process=replace(settings.process, workers=workers if workers in (0, AUTO) else max(1, own(int(workers)))),
    )
