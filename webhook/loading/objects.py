"""The objects in a document: the document itself, the items of a `List`, or the object of a recorded AdmissionReview."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from webhook.kube.fieldpath import Path, look_up


def objects_in(value: object) -> Iterator[tuple[object, Path]]:
    """Each object with its path from the document's root.

    Nested Lists are opened at any depth, as in kubectl. Items of a typed list (`VirtualMachineList`) may have no `apiVersion` and
    `kind`, as in responses of API servers; they then have those of the list.
    """
    if not _is_list(value):
        yield _carried(value, ())
        return
    open_lists = [_items(value, ())]  # not recursive: each item would cost as much as its depth
    while open_lists:
        for item, path in open_lists[-1]:
            if _is_list(item):
                open_lists.append(_items(item, path))
                break
            yield _carried(item, path)
        else:
            open_lists.pop()


def _is_list(value: object) -> TypeGuard[dict[str, Any]]:
    if not isinstance(value, dict):
        return False
    kind = value.get("kind")
    return isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list)


def _items(holder: Mapping[str, Any], path: Path) -> Iterator[tuple[object, Path]]:
    for index, item in enumerate(holder["items"]):
        yield _typed(item, holder), (*path, "items", index)


def _typed(item: object, holder: Mapping[str, Any]) -> object:
    if holder["kind"] == "List" or not isinstance(item, dict) or "kind" in item:
        return item
    return {"apiVersion": holder.get("apiVersion"), "kind": holder["kind"].removesuffix("List"), **item}


def _carried(value: object, path: Path) -> tuple[object, Path]:
    if isinstance(value, dict) and value.get("kind") == "AdmissionReview":
        return look_up(value, ("request", "object")), (*path, "request", "object")
    return value, path
