"""How a running job is told to stop."""

from downloader.ports import Control


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pause_and_resume() -> None:
    """Pausing hands out no work and stops nothing; every word wakes whoever listens."""
    control, heard = Control(), []
    control.on_change(lambda: heard.append(control.open))
    assert control.open
    control.pause()
    assert (control.open, control.stopping) == (False, False)
    control.resume()
    assert heard == [False, True]


def test_a_drain_waits_up_to_its_limit() -> None:
    """Nothing new starts at once; what runs is left when the time is over, which a second word does not lengthen."""
    clock = Clock()
    control = Control(clock)
    control.drain("terminate", 5.0)
    assert (control.open, control.stopping, control.leave_now) == (False, True, False)
    clock.now += 4.0
    control.drain("interrupt", 5.0)
    clock.now += 1.0
    assert control.leave_now
    assert control.reason == "terminate"


def test_abandoning_waits_for_nothing() -> None:
    """It ends a drain as well, and keeps the drain's reason."""
    control = Control()
    control.drain("max-duration", 60.0)
    control.abandon("interrupt")
    assert control.leave_now
    assert control.reason == "max-duration"
