"""What the benchmarks share: tools run in turn, measured with all their processes, and held to what they stored.

``peers`` and ``ours`` are the tools, ``packages`` and ``environments`` bring them here. ``turns`` runs them on a course
and refuses every run that did not store all; ``contest`` holds what came of it; ``children`` measures a command with
its whole tree, ``memory`` looks at it over time. ``nginx`` and ``hosts`` serve what ``smallfiles`` and ``photographs``
make; ``schedule`` is the ideal. ``figures`` makes medians and ratios, ``bars`` judges them, ``report`` and ``tools``
write them. ``stage`` is what every row gets.
"""
