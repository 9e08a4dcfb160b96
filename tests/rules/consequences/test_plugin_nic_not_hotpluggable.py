from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, vmi
from webhook.rules.base import Action
from webhook.rules.consequences.plugin_nic_not_hotpluggable import RULE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

PLUGIN = {"binding": {"name": "p"}}


def updated(now: VMI, *before: str) -> VMI:
    return VMI(now.spec, old={name: Interface(name=name) for name in before})


def test_a_plugin_nic_that_an_update_adds_is_found() -> None:
    two = vmi(interface("a", masquerade={}), interface("b", **PLUGIN))
    message = 'new interface "b" uses plugin "p", and KubeVirt does not hotplug plugins'
    assert_found(RULE, updated(two, "a"), field="domain.devices.interfaces[1].binding", message=message, severity=Action.WARN)


def test_the_first_nic_of_a_vm_that_had_none_is_found() -> None:
    assert_found(RULE, updated(vmi(interface("a", **PLUGIN))), field="domain.devices.interfaces[0].binding")


def test_a_nic_that_was_there_is_accepted() -> None:
    assert_accepted(RULE, updated(vmi(interface("a", **PLUGIN)), "a"))


def test_on_create_every_nic_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface("a", **PLUGIN)))


def test_what_is_hotplugged_is_accepted() -> None:
    assert_accepted(RULE, updated(vmi(interface("a", bridge={}), interface("b", sriov={}))))
