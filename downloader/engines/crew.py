"""When an engine goes on, when it waits, and when it is over: the same questions in every engine."""

import threading
import time

from downloader.errors import OutputError
from downloader.model import Notice
from downloader.ports import BEAT, Control, Emit, Schedule


def start(thread: threading.Thread) -> None:
    """Start a thread that the job cannot do without; raises OutputError when the system gives none."""
    try:
        thread.start()
    except RuntimeError as error:
        raise no_thread(error) from error


def no_thread(error: RuntimeError) -> OutputError:
    """Give the error for a system that starts no thread."""
    return OutputError(f"the system starts no thread ({error}): raise its limit of threads or of memory")


def over(schedule: Schedule, control: Control, *, under_way: bool) -> bool:
    """Tell whether the engine's work has ended, well or by order."""
    if control.leave_now:
        return True
    return not under_way and (control.stopping or schedule.exhausted())


def patience(schedule: Schedule, control: Control, *, free: bool) -> float:
    """Say how long to wait for a completion: a free permit is not left idle past the next due time."""
    if not (free and control.open):
        return BEAT
    return min(BEAT, schedule.wait(time.monotonic()))


def name_those_left(emit: Emit, names: list[str]) -> None:
    """Say who was still at work when the engine left."""
    if names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        emit(Notice(f"left behind while still at work: {', '.join(names[:8])}{more}"))
