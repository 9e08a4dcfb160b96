"""Errors as values: what one process tells another."""

import pickle

import pytest

from webhook.cluster.api_error import ApiError
from webhook.errors import RegistryError, UnreadableError


@pytest.mark.parametrize(
    "error",
    [
        UnreadableError("no input", file="a.yaml", line=1, column=2),
        RegistryError("no registry", file="b.yaml"),
        ApiError("busy", status=429, reason="too-many-requests", body=b"{}", retry_after=1.0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_process_borders_whole(error: UnreadableError) -> None:
    other = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))
