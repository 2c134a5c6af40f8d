"""A page for a test that must not complain."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.service.page.browsing import Visit


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Give a maker of visits: ``visit(url)``; in the end, none may have said a word on its console."""
    visits: list[Visit] = []

    def make(url: str, **how: Any) -> Visit:
        visits.append(Visit(browser, url, **how))
        return visits[-1]

    yield make
    for each in visits:
        each.page.context.close()
    assert [line for each in visits for line in each.complaints] == []
