"""What the tests of several processes share."""

import os
from collections.abc import Callable

import pytest

from tests.cluster.mixed import children


@pytest.fixture
def offspring() -> Callable[[], list[int]]:
    """Give what tells the processes that this one has started since the test began, and that live."""
    before = set(children(os.getpid()))  # of tests before it: a fork server stays
    return lambda: [child for child in children(os.getpid()) if child not in before]
