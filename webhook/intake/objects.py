"""The objects in a document: itself, the items of a `List`, or what a recorded AdmissionReview carries. Judges nothing."""

from collections.abc import Iterator

from webhook.kube.fieldpath import Path, look_up

_DEEPEST = 5


def objects_in(value: object, path: Path = ()) -> Iterator[tuple[object, Path]]:
    """Each object with its path from the document's root; Lists in Lists are opened a few levels deep.

    Items of a typed list (`VirtualMachineList`) may leave `apiVersion` and `kind` to the list, as API servers answer.
    """
    if not isinstance(value, dict):
        yield value, path
        return
    kind, items = value.get("kind"), value.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list) and len(path) < 2 * _DEEPEST:
        for index, item in enumerate(items):
            yield from objects_in(_typed(item, value, kind), (*path, "items", index))
    elif kind == "AdmissionReview":
        yield look_up(value, ("request", "object")), (*path, "request", "object")
    else:
        yield value, path


def _typed(item: object, holder: dict[str, object], kind: str) -> object:
    if kind == "List" or not isinstance(item, dict) or "kind" in item:
        return item
    return {"apiVersion": holder.get("apiVersion"), "kind": kind.removesuffix("List"), **item}
