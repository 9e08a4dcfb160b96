"""A fake API server for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.cluster.fake_api import FakeApi


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running
