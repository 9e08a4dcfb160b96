from typing import Any

import msgspec
import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.plugins.registry import Registry
from webhook.rules.bindings.default_binding_not_permitted import RULE
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

NO_BRIDGE = registry(permit_bridge_on_pod_network=False)


def bare(**devices: Any) -> VMI:
    return VMI(msgspec.convert({"domain": {"devices": devices}}, VMISpec))


def test_a_default_that_is_permitted_is_accepted() -> None:
    assert_accepted(RULE, bare())
    assert_accepted(RULE, bare(), registry(permit_bridge_on_pod_network=False, default_network_interface="masquerade"))
    assert_accepted(RULE, bare(), registry(version="1.2", default_network_interface="slirp", permit_slirp=True))


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (NO_BRIDGE, "this cluster does not permit it on the pod network"),
        (registry(version="1.3", default_network_interface="slirp", permit_slirp=True), "KubeVirt discontinued it in 1.3"),
        (registry(version="1.2", default_network_interface="slirp"), "this cluster does not permit it"),
    ],
)
def test_a_default_that_is_not_is_found(cluster: Registry, message: str) -> None:
    assert_found(RULE, bare(), cluster, field="domain.devices", message=message)
    assert_found(RULE, bare(autoattachPodInterface=True), cluster, field="domain.devices", message=message)


def test_a_vm_that_gets_no_default_interface_is_accepted() -> None:
    assert_accepted(RULE, bare(autoattachPodInterface=False), NO_BRIDGE)
    assert_accepted(RULE, vmi(interface(masquerade={})), NO_BRIDGE)
