"""JSON Patch operations: what they look like, and that they do what they say."""

import jsonpatch
import pytest

from webhook.admission.patch import expect, merge, pointer, put


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "containers", 0, "name"), "/spec/containers/0/name"),
        (("annotations", "bindguard.io/overhead"), "/annotations/bindguard.io~1overhead"),
        (("a~b", "~1", "/"), "/a~0b/~01/~1"),
        (("",), "/"),
    ],
)
def test_a_path_is_escaped_as_a_json_pointer(path: tuple[str | int, ...], text: str) -> None:
    assert pointer(path) == text


def test_a_value_that_was_read_is_tested_before_it_is_replaced() -> None:
    assert list(put(("a",), 2, 1)) == [{"op": "test", "path": "/a", "value": 1}, {"op": "replace", "path": "/a", "value": 2}]
    assert list(put(("a",), 2)) == [{"op": "add", "path": "/a", "value": 2}]


def test_a_test_refuses_what_was_not_read() -> None:
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch({"name": "sidecar"}, [expect(("name",), "compute")])


def test_merging_adds_what_is_missing_and_keeps_the_rest() -> None:
    before = {"a": {"x": 1, "y": {"z": 2}}, "n": None, "kept": [1]}
    wanted = {"a": {"x": 3, "y": {"z": 2}, "w": {"v": 4}}, "n": {"m": 5}, "none": {}}
    operations = list(merge((), wanted, before))
    assert jsonpatch.apply_patch(before, operations) == {"a": {"x": 3, "y": {"z": 2}, "w": {"v": 4}}, "n": {"m": 5}, "kept": [1]}
    assert [each["op"] for each in operations] == ["test", "replace", "add", "add"]


def test_merging_into_nothing_adds_the_whole() -> None:
    assert list(merge(("a",), {"b": {"c": 1}}, None)) == [{"op": "add", "path": "/a", "value": {"b": {"c": 1}}}]


def test_merging_what_is_there_already_does_nothing() -> None:
    assert list(merge((), {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}})) == []
