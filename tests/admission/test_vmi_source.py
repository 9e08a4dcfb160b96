"""The one method by which a VMI is read."""

import asyncio

import pytest

from webhook.admission.vmi_source import VMISource, VMISourceError


class Shelf:
    """A source that holds one VMI and refuses one namespace."""

    async def get(self, namespace: str, name: str, uid: str = "") -> bytes | None:  # noqa: ARG002 - it compares names alone
        if namespace == "secret":
            raise VMISourceError("forbidden", "virtualmachineinstances is forbidden in namespace secret")
        return b"{}" if (namespace, name) == ("shop", "web") else None


def test_anything_with_the_method_is_a_source() -> None:
    source: VMISource = Shelf()
    assert asyncio.run(source.get("shop", "web")) == b"{}"
    assert asyncio.run(source.get("shop", "db")) is None


def test_a_failure_carries_a_word_for_metrics_and_a_sentence_for_people() -> None:
    with pytest.raises(VMISourceError, match="is forbidden in namespace secret") as failed:
        asyncio.run(Shelf().get("secret", "web"))
    assert failed.value.reason == "forbidden"
    assert str(VMISourceError("timeout")) == "timeout"


def test_only_a_word_that_metrics_have_is_a_reason() -> None:
    with pytest.raises(ValueError, match="made-up"):
        VMISourceError("made-up")
