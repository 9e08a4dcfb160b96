import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.base import Action
from webhook.rules.consequences.bridge_on_pod_network import RULE

ALLOWED = {"kubevirt.io/allow-pod-bridge-network-live-migration": "false"}


@pytest.mark.parametrize("strategy", [None, "None", "External"])
def test_a_bridge_on_the_pod_network_is_warned_of(strategy: str | None) -> None:
    bridge = vmi(interface("n", bridge={}), evictionStrategy=strategy)
    message = 'interface "n" is a bridge on the pod network, so the VM cannot be live-migrated'
    assert_found(RULE, bridge, field="domain.devices.interfaces[0].bridge", message=message, severity=Action.WARN)


@pytest.mark.parametrize("strategy", ["LiveMigrate", "LiveMigrateIfPossible"])
def test_where_migration_is_asked_for_another_rule_tells_it(strategy: str) -> None:
    assert_accepted(RULE, vmi(interface(bridge={}), evictionStrategy=strategy))


def test_where_the_bridge_is_not_permitted_another_rule_tells_it() -> None:
    assert_accepted(RULE, vmi(interface(bridge={})), registry(permit_bridge_on_pod_network=False))


def test_the_annotation_counts_whatever_its_value() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}), annotations=ALLOWED))


def test_a_bridge_on_a_multus_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface("blue", bridge={}), networks=[multus("blue")]))


def test_masquerade_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface(masquerade={})))


def test_where_the_cluster_asks_for_migration_it_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(bridge={})), registry(eviction_strategy="LiveMigrate"))
