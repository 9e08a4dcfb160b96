"""A fake API server for each test that asks for one."""

from tests.cluster.conftest import api

__all__ = ["api"]
