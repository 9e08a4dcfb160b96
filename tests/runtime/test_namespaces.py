"""Which namespaces are left out."""

import pytest

from webhook.runtime.namespaces import Namespaces


@pytest.mark.parametrize(
    ("namespace", "left_out"),
    [
        ("kube-system", True),
        ("kube-systems", False),
        ("sandbox-", True),
        ("sandbox-1", True),
        ("my-sandbox-1", False),
        ("a1", True),
        ("ab", False),
    ],
)
def test_names_and_globs_match_whole_namespaces(namespace: str, left_out: bool) -> None:  # noqa: FBT001 - the expected answer
    namespaces = Namespaces(["kube-system", "sandbox-*", "a[0-9]"])
    assert (namespace in namespaces) is left_out
    assert (namespace in namespaces) is left_out


def test_without_patterns_nothing_is_left_out() -> None:
    assert "default" not in Namespaces()
    assert "" not in Namespaces(())


def test_an_object_without_namespace_is_in_none() -> None:
    assert "" not in Namespaces(["*"])
    assert "default" in Namespaces(["*"])
