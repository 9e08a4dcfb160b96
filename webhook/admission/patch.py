"""JSON Patch (RFC 6902) as admission answers it: few operations, each guarded by a test of what was read."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from webhook.kube.fieldpath import Path

Operation: TypeAlias = dict[str, Any]


def pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901): `/metadata/annotations/kubevirt.io~1memory-overhead-bytes`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def expect(path: Path, value: object) -> Operation:
    """A test: the whole patch is refused when another value stands there. That nothing stands there cannot be tested."""
    return {"op": "test", "path": pointer(path), "value": value}


def put(path: Path, value: object, before: object = None) -> Iterator[Operation]:
    """The value set where `before` stood, which is tested first; `None` for nothing there."""
    if before is None:
        yield {"op": "add", "path": pointer(path), "value": value}
        return
    yield expect(path, before)
    yield {"op": "replace", "path": pointer(path), "value": value}


def merge(path: Path, wanted: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[Operation]:
    """Every entry of `wanted` that `before` does not have, put into the object at `path`.

    Objects are merged likewise, and what `wanted` does not name stays. An object that is missing, or null, is added whole.
    """
    if before is None:
        yield from put(path, wanted)
        return
    for key, value in wanted.items():
        found = before.get(key)
        if isinstance(value, Mapping) and isinstance(found, Mapping | None):
            if value:
                yield from merge((*path, key), value, found)
        elif value != found:
            yield from put((*path, key), value, found)
