"""What the benchmarks share: tools run in turn, measured with all their processes, and held to what they stored.

``turns`` runs tools on a course and refuses every run that did not store all; ``children`` measures a command with its
whole tree; ``figures`` makes medians and ratios; ``report`` writes them. ``nginx`` serves, ``photographs`` makes what
is served, ``environments`` installs the peers.
"""
