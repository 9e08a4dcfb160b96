"""Patches as an API server applies them, for the fake one."""

from typing import Any

import jsonpatch

Object = dict[str, Any]


def patched(before: Object, patch: Any, content_type: str) -> Object:
    """The object after a JSON patch or a merge patch; `AssertionError` when the patch does not apply."""
    if content_type == "application/json-patch+json":
        try:
            after: Object = jsonpatch.apply_patch(before, patch)
        except jsonpatch.JsonPatchException as error:
            raise AssertionError(str(error)) from error
        return after
    merged: Object = _merged(before, patch)
    return merged


def _merged(before: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    after = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            after.pop(key, None)
        else:
            after[key] = _merged(after.get(key), value)
    return after
