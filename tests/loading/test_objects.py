"""Whatever a document holds is checked, however it is packed."""

from typing import Any

import pytest

from webhook.kube.fieldpath import look_up
from webhook.loading.objects import objects_in
from webhook.manifests.limits import MAX_DEPTH

VM = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}


def packed(*items: Any, kind: str = "List", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "items": list(items), **fields}


def review(obj: Any) -> dict[str, Any]:
    return {"kind": "AdmissionReview", "request": {"object": obj}}


@pytest.mark.parametrize("value", [VM, packed(VM), packed(packed(VM), kind="FooList"), review(VM), packed(review(VM))])
def test_an_object_is_found_with_the_path_to_it(value: Any) -> None:
    (found,) = objects_in(value)
    assert found[0] == VM
    assert look_up(value, found[1]) == VM


def test_lists_in_lists_are_opened_as_deep_as_a_document_may_be() -> None:
    value: Any = VM
    for _ in range(MAX_DEPTH // 2):
        value = packed(value)
    assert list(objects_in(value)) == [(VM, ("items", 0) * (MAX_DEPTH // 2))]


def test_items_of_a_typed_list_may_leave_their_kind_to_it() -> None:
    value = packed({"spec": 1}, {"kind": "Other"}, 5, kind="VirtualMachineList", apiVersion="kubevirt.io/v1")
    assert [obj for obj, _ in objects_in(value)] == [{**VM, "spec": 1}, {"kind": "Other"}, 5]


@pytest.mark.parametrize("value", [None, 5, "text", [VM], {"kind": "List"}, {"kind": "List", "items": 5}, {"kind": 5, "items": [VM]}])
def test_what_is_no_list_is_one_object(value: Any) -> None:
    assert list(objects_in(value)) == [(value, ())]
