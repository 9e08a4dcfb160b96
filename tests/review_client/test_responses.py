"""JSON Patch as `bindguard review` applies it, beside an implementation that is not ours."""

import copy
import json
from typing import Any

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.admission.launchers import compute, pod
from webhook.review_client.client import UnansweredError
from webhook.review_client.responses import Operation, compute_changes, patched

OBJECT = {"a": {"b/c": [1, 2, 3], "~": {"x": None}}, "d": [], "": 5}
PATHS = st.sampled_from(
    [
        "",
        "/a",
        "/a/b~1c",
        "/a/b~1c/0",
        "/a/b~1c/3",
        "/a/b~1c/4",
        "/a/b~1c/-",
        "/a/~0/x",
        "/d/0",
        "/d/-",
        "/d/x",
        "/",
        "/new",
        "/new/x",
        "/a/~01",
    ]
)
OPERATIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["test", "add", "replace", "remove"]),
        "path": PATHS,
        "value": st.sampled_from([0, 5, "v", None, {"k": []}, [1, 2, 3]]),
    }
)


def operations(*raw: dict[str, Any]) -> list[Operation]:
    return [Operation(each["op"], each["path"], each["value"]) for each in raw]


@given(raw=st.lists(OPERATIONS, max_size=4))
@settings(max_examples=500)
def test_a_patch_does_what_another_implementation_does_or_does_not_fit(raw: list[dict[str, Any]]) -> None:
    try:
        expected = jsonpatch.apply_patch(copy.deepcopy(OBJECT), json.loads(json.dumps(raw)))  # which puts the values themselves there
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError):
        with pytest.raises(UnansweredError, match="does not fit"):
            patched(OBJECT, operations(*raw))
        return
    assert json.dumps(patched(OBJECT, operations(*raw)), sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_operations_stay_as_they_are_when_a_later_one_changes_what_an_earlier_one_added() -> None:
    both = operations({"op": "add", "path": "/a", "value": {}}, {"op": "add", "path": "/a/b", "value": 1})
    assert patched({}, both) == {"a": {"b": 1}}
    assert [operation.value for operation in both] == [{}, 1]


def test_what_changes_of_compute_is_told_wherever_it_stands() -> None:
    two = pod({"name": "sidecar"}, compute({"requests": {"memory": "1Gi"}, "limits": {"cpu": "1"}}))
    at = "/spec/containers/1/resources"
    raw = [
        {"op": "replace", "path": f"{at}/requests/memory", "value": "2Gi"},
        {"op": "add", "path": f"{at}/limits/memory", "value": "2Gi"},
        {"op": "add", "path": "/metadata/labels/a", "value": "b"},
    ]
    assert list(compute_changes(two, operations(*raw))) == ["limits.memory: none -> 2Gi", "requests.memory: 1Gi -> 2Gi"]


@pytest.mark.parametrize("odd", [None, 5, {}, {"spec": {"containers": 5}}, {"spec": {"containers": [None, {"name": "compute"}]}}])
def test_an_object_without_resources_of_compute_has_no_changes(odd: Any) -> None:
    assert list(compute_changes(odd, [])) == []


def test_move_and_copy_are_applied() -> None:
    moved = [Operation("copy", "/b", from_="/a"), Operation("move", "/c", from_="/a")]
    assert patched({"a": [1]}, moved) == {"b": [1], "c": [1]}


@pytest.mark.parametrize(
    "operation",
    [
        Operation("", "/a", 1),
        Operation("move", "/a"),
        Operation("add", "/a"),
        Operation("add", "a", 1),
        Operation("remove", ""),
        Operation("add", "/a/b", 1),
    ],
)
def test_an_operation_that_cannot_be_applied_does_not_fit(operation: Operation) -> None:
    with pytest.raises(UnansweredError, match="the patch does not fit the object"):
        patched({"a": 1}, [operation])


def test_the_object_stays_as_it_is() -> None:
    before = {"a": [1]}
    patched(before, [Operation("add", "/a/-", 2), Operation("replace", "", {})])
    assert before == {"a": [1]}
