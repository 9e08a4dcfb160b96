import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.plugins.registry import Registry
from webhook.rules.base import Action
from webhook.rules.consequences.not_live_migratable import RULE
from webhook.vmi.vmi import VMI

ALLOWED = {"kubevirt.io/allow-pod-bridge-network-live-migration": ""}
AT = "domain.devices.interfaces[0]"
PLUGIN = {"binding": {"name": "p"}}


def migrating(**binding: object) -> VMI:
    return vmi(interface("default", **binding), evictionStrategy="LiveMigrate")


@pytest.mark.parametrize("binding", ["masquerade", "passtBinding"])
def test_masquerade_and_passt_migrate(binding: str) -> None:
    assert_accepted(RULE, migrating(**{binding: {}}))


@pytest.mark.parametrize("binding", ["bridge", "sriov"])
def test_bridge_and_sriov_on_the_pod_network_do_not(binding: str) -> None:
    message = f"{binding} on the pod network prevents live migration"
    assert_found(RULE, migrating(**{binding: {}}), field=f"{AT}.{binding}", message=message, severity=Action.WARN)


@pytest.mark.parametrize(
    ("strategy", "at_drain"),
    [("LiveMigrate", "its eviction is refused, and a node drain hangs"), ("LiveMigrateIfPossible", "a node drain shuts the VM down")],
)
def test_what_happens_at_a_drain_is_told(strategy: str, at_drain: str) -> None:
    bridge = vmi(interface(bridge={}), evictionStrategy=strategy)
    assert_found(RULE, bridge, field=f"{AT}.bridge", message=f'evictionStrategy is "{strategy}"')
    assert_found(RULE, bridge, field=f"{AT}.bridge", message=at_drain, accepted='set evictionStrategy to "None"')


@pytest.mark.parametrize("strategy", [None, "", "None", "External", "livemigrate"])
def test_who_does_not_ask_for_migration_is_not_told(strategy: str | None) -> None:
    assert_accepted(RULE, vmi(interface(bridge={}), evictionStrategy=strategy))


def test_the_annotation_lets_a_bridge_migrate_whatever_its_value() -> None:
    assert_accepted(RULE, vmi(interface(bridge={}), annotations=ALLOWED, evictionStrategy="LiveMigrate"))


def test_a_bridge_that_is_not_permitted_is_another_rule_s_business() -> None:
    assert_accepted(RULE, migrating(bridge={}), registry(permit_bridge_on_pod_network=False))


def test_a_plugin_migrates_when_its_registration_says_so() -> None:
    assert_accepted(RULE, migrating(**PLUGIN), registry({"p": {"migration": {}}}))
    for plugin in ({}, {"migration": None}):
        message = 'plugin "p" on the pod network (registered without migration)'
        assert_found(
            RULE, migrating(**PLUGIN), registry({"p": plugin}), field=f"{AT}.binding", message=message, for_admin="with migration: {}"
        )


def test_in_1_1_no_plugin_migrates() -> None:
    message = "KubeVirt 1.1 migrates no plugin"
    for known in (registry({"p": {"migration": {}}}, version="1.1"), no_registry("1.1")):
        assert_found(RULE, migrating(**PLUGIN), known, field=f"{AT}.binding", message=message)
    assert_accepted(RULE, migrating(**PLUGIN), registry({"p": {"migration": {}}}, version="1.2"))


@pytest.mark.parametrize("known", [no_registry(), registry(), registry(version="1.1")])
def test_nothing_is_said_about_a_plugin_that_nobody_knows(known: Registry) -> None:
    assert_accepted(RULE, migrating(**PLUGIN), known)


def test_an_empty_plugin_name_is_another_rule_s_business() -> None:
    assert_accepted(RULE, migrating(binding={}), registry({"": {}}))


@pytest.mark.parametrize("binding", ["slirp", "passt", "macvtap"])
def test_a_discontinued_binding_does_not_migrate_while_it_works(binding: str) -> None:
    dying = migrating(**{binding: {}})
    assert_found(RULE, dying, registry(version="1.2"), field=f"{AT}.{binding}", message=f"{binding} on the pod network")
    assert_accepted(RULE, dying, registry(version="1.3"))
    assert_accepted(RULE, dying)


def test_an_interface_without_binding_is_another_rule_s_business() -> None:
    assert_accepted(RULE, migrating())


def test_only_the_pod_network_counts() -> None:
    secondary = vmi(interface(masquerade={}), interface("blue", bridge={}), interface("red", sriov={}), evictionStrategy="LiveMigrate")
    assert_accepted(RULE, secondary)
    nowhere = vmi(interface("blue", bridge={}), networks=[multus("blue", default=True)], evictionStrategy="LiveMigrate")
    assert_accepted(RULE, nowhere)


def test_the_pod_interface_is_found_wherever_it_stands() -> None:
    last = vmi(
        interface("blue", bridge={}),
        interface("n", bridge={}),
        networks=[multus("blue"), {"name": "n", "pod": {}}],
        evictionStrategy="LiveMigrate",
    )
    assert_found(RULE, last, field="domain.devices.interfaces[1].bridge")


def test_a_pod_network_without_interface_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(networks=[{"name": "n", "pod": {}}], evictionStrategy="LiveMigrate"))


BRIDGED = vmi(interface("default", bridge={}))


@pytest.mark.parametrize("strategy", ["LiveMigrate", "LiveMigrateIfPossible"])
def test_without_a_strategy_of_its_own_a_vm_has_the_cluster_s(strategy: str) -> None:
    message = f'the cluster\'s evictionStrategy is "{strategy}", but a bridge'
    assert_found(RULE, BRIDGED, registry(eviction_strategy=strategy), field=f"{AT}.bridge", message=message)


@pytest.mark.parametrize("strategy", [None, "None", "External"])
def test_a_cluster_that_does_not_ask_for_migration_is_accepted(strategy: str | None) -> None:
    assert_accepted(RULE, BRIDGED, registry(eviction_strategy=strategy))


def test_the_vm_s_own_strategy_goes_before_the_cluster_s() -> None:
    own = vmi(interface("default", bridge={}), evictionStrategy="None")
    assert_accepted(RULE, own, registry(eviction_strategy="LiveMigrate"))
