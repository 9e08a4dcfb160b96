"""The annotation of a HyperConverged CR that patches the KubeVirt CR."""

import json
from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.plugins.gates import GateState
from webhook.plugins.sources import LoadedRegistry, registry_from
from webhook.rules.base import Action
from webhook.rules.plugins import unregistered_plugin

KEY = "kubevirt.kubevirt.io/jsonpatch"
BINDING = "/spec/configuration/network/binding"
GATES = "/spec/configuration/developerConfiguration/featureGates"
TAP = {"domainAttachmentType": "tap"}
MACVTAP = vmi(interface(binding={"name": "macvtap"}))


def op(name: str, path: str, **fields: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **fields}


def loaded(annotation: object, **spec: Any) -> LoadedRegistry:
    metadata = {"name": "hco", "annotations": {KEY: annotation}}
    cr = {"apiVersion": "hco.kubevirt.io/v1beta1", "kind": "HyperConverged", "metadata": metadata, "spec": spec}
    return registry_from(cr, source="hco.yaml", lenient=True)


def patched(*operations: dict[str, Any], **spec: Any) -> LoadedRegistry:
    return loaded(json.dumps(operations), **spec)


def names(read: LoadedRegistry) -> set[str]:
    assert read.registry.is_complete
    return set(read.registry.plugins)


def test_a_plugin_that_is_added_is_registered_and_reported() -> None:
    read = patched(op("add", f"{BINDING}/macvtap", value=TAP))
    assert names(read) == {"l2bridge", "macvtap"}
    assert f'annotation {KEY} adds 1 plugin: "macvtap"' in read.notes
    assert_accepted(unregistered_plugin.RULE, MACVTAP, read.registry)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([op("remove", f"{BINDING}/vdpa")], {"l2bridge"}),
        ([op("replace", BINDING, value={"macvtap": TAP})], {"macvtap"}),
        ([op("add", "/spec/configuration/network", value={"binding": {"macvtap": TAP}})], {"macvtap"}),
        ([op("add", "/spec/configuration", value={})], set()),
        ([op("move", f"{BINDING}/other", **{"from": f"{BINDING}/vdpa"})], {"l2bridge", "other"}),
        ([op("copy", f"{BINDING}/other", **{"from": f"{BINDING}/vdpa"})], {"l2bridge", "other", "vdpa"}),
        ([op("test", f"{BINDING}/vdpa", value={"sidecarImage": "a"}), op("remove", f"{BINDING}/vdpa")], {"l2bridge"}),
        ([op("add", f"{BINDING}/a~1b", value=TAP)], {"a/b", "l2bridge", "vdpa"}),
        ([op("add", "/spec/configuration/migrations", value={"allowPostCopy": True})], {"l2bridge", "vdpa"}),
        ([op("remove", "/spec/infra/nodePlacement")], {"l2bridge", "vdpa"}),
        ([], {"l2bridge", "vdpa"}),
    ],
)
def test_every_operation_is_applied(operations: list[dict[str, Any]], expected: set[str]) -> None:
    assert names(patched(*operations, networkBinding={"vdpa": {"sidecarImage": "a"}})) == expected


def test_other_facts_of_the_cr_can_be_patched_too() -> None:
    read = patched(
        op("add", "/spec/configuration/network/permitBridgeInterfaceOnPodNetwork", value=False),
        op("replace", "/spec/configuration/evictionStrategy", value="External"),
        op("add", f"{GATES}/-", value="NetworkDevicesWithDRA"),
        op("add", f"{GATES}/7", value="PortRangesSpec"),
        op("replace", f"{GATES}/3", value="Unknown"),
    ).registry
    assert read.permit_bridge_on_pod_network is False
    assert read.eviction_strategy == "External"
    assert [read.gate(name) for name in ("NetworkDevicesWithDRA", "PortRangesSpec")] == [GateState.ON, GateState.ON]


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ("", "it is not JSON"),
        ("[", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("\ud800", "it is not JSON"),
        (7, "it is not a string"),
        ("{}", "it is not a list of operations"),
        ("[1]", "it is not a list of operations"),
        ("null", "it is not a list of operations"),
        (
            json.dumps([op("add", "/metadata/labels", value={})]),
            'the path of operation 0 is "/metadata/labels", and must begin with /spec/',
        ),
        ('[{"op": "add"}]', "the path of operation 0 is null"),
        (json.dumps([op("remove", f"{BINDING}/nobody")]), f'operation 0 ("remove" "{BINDING}/nobody") cannot be applied'),
        (json.dumps([op("add", f"{BINDING}/x/y/z", value={})]), "cannot be applied"),
        (json.dumps([op("add", f"{BINDING}/x")]), "cannot be applied"),
        (json.dumps([op("frob", BINDING)]), "cannot be applied"),
        (json.dumps([op("copy", f"{BINDING}/x", **{"from": 5})]), "cannot be applied"),
        (json.dumps([op("test", f"{BINDING}/l2bridge", value={})]), "cannot be applied"),
        (json.dumps([op("add", f"{BINDING}/x", value=5)]), "binding.x is 5, expected an object"),
        (json.dumps([op("replace", BINDING, value=[])]), "binding is a list, expected an object"),
        (json.dumps([op("add", "/spec/x", value=1)] * 1001), "it has more than 1000 operations"),
        (json.dumps([op("copy", f"{BINDING}/x{i}", **{"from": BINDING}) for i in range(60)]), "it makes the CR too large"),
    ],
)
def test_a_patch_that_cannot_be_applied_is_reported_and_makes_unregistered_plugins_warnings(annotation: object, reason: str) -> None:
    read = loaded(annotation)
    assert not read.registry.is_complete
    assert set(read.registry.plugins) == {"l2bridge"}
    (note,) = (note for note in read.notes if KEY in note)
    assert f"annotation {KEY} is not applied: " in note
    assert reason in note
    assert_found(unregistered_plugin.RULE, MACVTAP, read.registry, field="domain.devices.interfaces[0].binding.name", severity=Action.WARN)


def test_what_the_patch_does_is_reported_in_at_most_three_notes() -> None:
    many = {f"p{number:02}": TAP for number in range(30)}
    read = patched(op("replace", BINDING, value={**many, "vdpa": TAP}), networkBinding={"vdpa": {}})
    assert [note for note in read.notes if KEY in note] == [
        f"annotation {KEY} adds 30 plugins: " + ", ".join(f'"p{number:02}"' for number in range(10)) + " and 20 more",
        f'annotation {KEY} changes 1 plugin: "vdpa"',
        f'annotation {KEY} removes 1 plugin: "l2bridge"',
    ]
