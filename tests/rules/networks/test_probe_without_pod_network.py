from typing import Any

import msgspec
import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.networks.probe_without_pod_network import RULE
from webhook.vmi.spec import VMISpec
from webhook.vmi.vmi import VMI

HTTP = {"httpGet": {"port": 80}, "initialDelaySeconds": 5}


def test_a_probe_beside_a_pod_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={}), livenessProbe=HTTP, readinessProbe={"tcpSocket": {"port": 22}}))


@pytest.mark.parametrize("probe", [None, {}, {"exec": {"command": ["true"]}}, {"guestAgentPing": {}}, {"httpGet": None}])
def test_a_probe_that_needs_no_address_is_accepted(probe: Any) -> None:
    assert_accepted(RULE, vmi(interface(bridge={}), networks=[multus("default")], livenessProbe=probe))


def test_each_probe_of_the_pod_s_address_is_found() -> None:
    both = vmi(interface(bridge={}), networks=[multus("default")], livenessProbe=HTTP, readinessProbe={"tcpSocket": {"port": 22}})
    assert_found(
        RULE, both, field=["livenessProbe.httpGet", "readinessProbe.tcpSocket"], message="over the pod network, and this VM has none"
    )


def test_kubevirt_adds_a_pod_network_where_nothing_is_written_unless_it_may_not() -> None:
    def bare(devices: dict[str, Any]) -> VMI:
        return VMI(msgspec.convert({"domain": {"devices": devices}, "readinessProbe": HTTP}, VMISpec))

    assert_accepted(RULE, bare({}))
    assert_accepted(RULE, bare({"autoattachPodInterface": True}))
    assert_found(RULE, bare({"autoattachPodInterface": False}), field="readinessProbe.httpGet")


def test_kubevirt_adds_no_pod_network_to_a_replica_set_or_pool() -> None:
    spec = msgspec.convert({"domain": {"devices": {}}, "readinessProbe": HTTP}, VMISpec)
    assert_found(RULE, VMI(spec, gets_defaults=False), field="readinessProbe.httpGet")
