"""Both decoders make the same value of an object that fits both."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.admitter.specs import single_interfaces, specs
from webhook.kube.shape import TypeMismatch
from webhook.vmi.kinds import KINDS, Kind
from webhook.vmi.objects import Carrier, VMIObject, from_plain, from_typed, has_typed_decoder
from webhook.vmi.spec import VMISpec

TYPED = [kind for kind in KINDS if has_typed_decoder(kind)]
NAMED = pytest.mark.parametrize("kind", TYPED, ids=lambda kind: kind.name)


def placed(value: Any, *path: str | int) -> Any:
    """Data that holds `value` at a path."""
    for step in reversed(path):
        value = {step: value}
    return value


def carrying(kind: Kind, spec: Any, annotations: Any = None, preference: Any = None) -> dict[str, Any]:
    """An object of a kind, with what is read of it in its places."""
    obj: dict[str, Any] = {}
    for path, value in ((kind.spec, spec), (kind.annotations, annotations), (("spec", "preference"), None), (kind.preference, preference)):
        holder = obj
        for step in (path or ())[:-1]:
            holder = holder.setdefault(str(step), {})
        if path:
            holder[str(path[-1])] = value
    return obj


def typed(obj: Any, kind: Kind) -> VMIObject:
    """What the typed decoder makes of it; the spec of a VMI, which it reads with the places of other kinds, as a plain one."""
    read = from_typed(msgspec.json.decode(json.dumps(obj), type=Carrier), kind)
    if read.spec is None:
        return read
    return msgspec.structs.replace(read, spec=VMISpec(**{field: getattr(read.spec, field) for field in VMISpec.__struct_fields__}))


def test_every_kind_but_templates_has_a_typed_decoder() -> None:
    assert [kind.name for kind in KINDS if not has_typed_decoder(kind)] == [kind.name for kind in KINDS if kind.is_template]


@given(st.sampled_from(TYPED), specs() | single_interfaces(), st.sampled_from([None, {}, {"a": "b"}]), st.sampled_from([None, {}]))
def test_an_object_that_fits_is_the_same_value(kind: Kind, spec: Any, annotations: Any, preference: Any) -> None:
    obj = carrying(kind, spec, annotations, preference)
    assert typed(obj, kind) == from_plain(obj, kind)


@NAMED
def test_what_surrounds_the_spec_is_read_where_the_kind_has_it(kind: Kind) -> None:
    obj = carrying(kind, {"domain": {}}, {"a": "b"}, {})
    read = typed(obj, kind)
    assert read == from_plain(obj, kind)
    assert (dict(read.annotations), read.has_preference) == ({"a": "b"}, kind.preference is not None)
    assert not read.is_deleting


@NAMED
def test_an_object_that_is_being_deleted_says_so(kind: Kind) -> None:
    obj = carrying(kind, {"domain": {}})
    obj.setdefault("metadata", {})["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert typed(obj, kind) == from_plain(obj, kind)
    assert typed(obj, kind).is_deleting


@NAMED
@pytest.mark.parametrize("status", [None, {}, {"created": True}, {"created": False}, {"created": "yes"}])
def test_a_vm_that_runs_is_read_alike(kind: Kind, status: Any) -> None:
    obj = {**carrying(kind, {"domain": {}}), "status": status}
    assert typed(obj, kind) == from_plain(obj, kind)
    is_created = status == {"created": True} and kind.name == "VirtualMachine"
    assert typed(obj, kind).has_vmi is (is_created or kind.name == "VirtualMachineInstance")


@NAMED
def test_a_parent_that_is_missing_is_reported_with_its_path(kind: Kind) -> None:
    parents = (*kind.spec, "domain")
    for depth in range(len(parents)):
        missing = TypeMismatch(parents[: depth + 1], "an object", None)
        for obj in (placed({}, *parents[:depth]), placed(None, *parents[: depth + 1])):
            assert typed(obj, kind) == from_plain(obj, kind)
            assert list(typed(obj, kind).type_mismatches) == [missing]
            assert (typed(obj, kind).interfaces, typed(obj, kind).networks) == ((), ())
