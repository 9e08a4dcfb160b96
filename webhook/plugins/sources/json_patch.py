"""Apply the JSON Patch in an annotation of a HyperConverged CR to the KubeVirt CR, as the operator does.

Source: applyAnnotationPatch in controllers/operands/operand.go@03da3cff of kubevirt/hyperconverged-cluster-operator.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook.kube.fieldpath import Path, look_up
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import shown
from webhook.plugins.sources import kubevirt
from webhook.plugins.sources.loaded import decode_plugins, mismatch_messages

_MAX_OPERATIONS = 1000
_MAX_BYTES = 1024 * 1024
"""Maximum size of the patched CR. Each `copy` operation could double it."""

_CONFIGURATION = ("spec", "configuration")
_DEVELOPER = (*_CONFIGURATION, "developerConfiguration")
_GATES = (*_DEVELOPER, "featureGates")
_READ: tuple[tuple[str, ...], ...] = (
    (*_CONFIGURATION, "network"),
    (*_CONFIGURATION, "evictionStrategy"),
    _GATES,
    (*_DEVELOPER, "disabledFeatureGates"),
)
"""The parts of a KubeVirt CR that a registry is read from. Operations on other parts are skipped, as those are not known here."""


class PatchError(Exception):
    """The patch cannot be applied, or is too large; the message completes a sentence."""


def patched(cr: Mapping[str, Any], annotation: object) -> dict[str, Any]:
    """The KubeVirt CR after the patch, with the parts that a registry is read from. `cr` is not changed.

    Raises:
        PatchError: The annotation is not a valid JSON Patch, it cannot be applied, or the result is not a valid KubeVirt CR.
    """
    from jsonpatch import JsonPatch, JsonPatchException, JsonPointerException  # noqa: PLC0415 - hardly any CR has such an annotation

    operations = _operations(annotation)
    try:
        result: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(cr))
    except UNDECODABLE as error:
        raise PatchError("the CR is nested too deeply") from error
    for index, operation in enumerate(operations):
        if not _is_about_what_is_read(operation):
            continue
        try:
            JsonPatch([_without_index(operation)]).apply(result, in_place=True)
            size = len(msgspec.json.encode(result)) if operation["op"] == "copy" else 0
        except (JsonPatchException, JsonPointerException, TypeError, ValueError, KeyError, IndexError, RecursionError) as error:
            raise PatchError(f"operation {index} ({shown(operation.get('op'))} {shown(operation['path'])}) cannot be applied") from error
        if size > _MAX_BYTES:
            raise PatchError("it makes the CR too large")
    plugins = look_up(result, kubevirt.BINDING)
    decoded = decode_plugins(plugins if isinstance(plugins, dict) else None, kubevirt.BINDING)
    wrong = mismatch_messages(kubevirt.type_mismatches_in(result) + decoded.type_mismatches)
    if wrong:
        raise PatchError(wrong[0])
    return result


def _operations(annotation: object) -> list[dict[str, Any]]:
    if not isinstance(annotation, str):
        raise PatchError("it is not a string")
    try:
        decoded = msgspec.json.decode(annotation.encode(errors="surrogatepass"))
    except UNDECODABLE as error:
        raise PatchError("it is not JSON") from error
    if not isinstance(decoded, list) or not all(isinstance(each, dict) for each in decoded):
        raise PatchError("it is not a list of operations")
    if len(decoded) > _MAX_OPERATIONS:
        raise PatchError(f"it has more than {_MAX_OPERATIONS} operations")
    for index, operation in enumerate(decoded):
        path = operation.get("path")
        if not isinstance(path, str) or not path.startswith("/spec/"):
            raise PatchError(f"the path of operation {index} is {shown(path)}, and must begin with /spec/")
    return decoded


def _is_about_what_is_read(operation: Mapping[str, Any]) -> bool:
    """Whether it changes, moves or tests a part in `_READ`, or a parent of one.

    The operator adds its own gates to the list of gates. Indices are therefore unknown, and of operations on gates only `add` is applied.
    """
    pointers = [_steps(operation["path"])]
    if _is_gate(pointers[0]) and operation.get("op") != "add":
        return False
    if isinstance(operation.get("from"), str):
        pointers.append(_steps(operation["from"]))
    return any(steps[: len(read)] == read[: len(steps)] for steps in pointers for read in _READ)


def _without_index(operation: dict[str, Any]) -> dict[str, Any]:
    """The operation; a gate is added at the end of the list instead of at an index."""
    return {**operation, "path": "/" + "/".join((*_GATES, "-"))} if _is_gate(_steps(operation["path"])) else operation


def _is_gate(steps: Path) -> bool:
    return len(steps) == len(_GATES) + 1 and steps[:-1] == _GATES


def _steps(pointer: str) -> Path:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
