"""Every way to cut bytes into chunks."""

import itertools

from hypothesis import strategies as st


@st.composite
def split(draw, data: bytes) -> list[bytes]:
    """Draw a way to cut ``data``: whole, byte by byte, or anywhere; chunks may be empty."""
    way = draw(st.sampled_from(["whole", "bytes", "anywhere"]))
    if way == "whole":
        return [data]
    if way == "bytes":
        return [data[at : at + 1] for at in range(len(data))]
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(data)), max_size=6))), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(cuts)]
