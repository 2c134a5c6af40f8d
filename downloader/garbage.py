"""Python's collector of reference cycles, told what kind of program this is."""

import gc

YOUNG = 5_000
"""Objects made, less those let go, before the youngest are looked through; Python's own figure is 700.

An image goes its way without a cycle: looking for one at every fortieth found nothing, and took 3 % of the CPU.
"""


def collect_seldom() -> None:
    """Have cycles looked for seldom, and never among what has been imported. For processes that are our own alone."""
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
