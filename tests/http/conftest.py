"""Tests that are run by both listeners: the one with limits, and plain uvicorn."""

from collections.abc import Iterator

import pytest

from tests.http.serving import LIMITED, PLAIN_UVICORN, SERVED_BY


@pytest.fixture(params=[LIMITED, PLAIN_UVICORN])
def each_listener(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let `serving` start this listener; a test marked `limits` is skipped where uvicorn serves alone."""
    limits = request.node.get_closest_marker("limits")
    if request.param == PLAIN_UVICORN and limits is not None:
        pytest.skip(f"plain uvicorn lacks it: {limits.args[0]}")
    token = SERVED_BY.set(request.param)
    yield request.param
    SERVED_BY.reset(token)
