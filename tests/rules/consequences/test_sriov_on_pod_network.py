from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.base import Action
from webhook.rules.consequences.sriov_on_pod_network import RULE

FIELD = "domain.devices.interfaces[0].sriov"


def test_sriov_on_the_pod_network_is_found() -> None:
    message = 'interface "fast" uses sriov on the pod network, which has no SR-IOV device'
    assert_found(RULE, vmi(interface("fast", sriov={})), field=FIELD, message=message, severity=Action.WARN)


def test_dra_is_offered_from_1_9_on() -> None:
    on_pod = vmi(interface(sriov={}))
    assert_found(RULE, on_pod, registry(version="1.9"), field=FIELD, accepted="an SR-IOV resource, or to a DRA network (resourceClaim)")
    before = registry(version="1.8")
    assert_found(RULE, on_pod, before, field=FIELD, accepted="connect it to a Multus network")


def test_sriov_on_a_multus_network_is_accepted() -> None:
    assert_accepted(RULE, vmi(interface("fast", sriov={}), networks=[multus("fast")]))


def test_sriov_on_a_dra_network_is_accepted() -> None:
    claim = {"name": "fast", "resourceClaim": {"claimName": "c", "requestName": "r"}}
    assert_accepted(RULE, vmi(interface("fast", sriov={}), networks=[claim]))


def test_a_missing_network_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(sriov={}), networks=[]))
