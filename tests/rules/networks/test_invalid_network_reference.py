import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, vmi
from webhook.rules.networks.invalid_network_reference import RULE
from webhook.vmi.vmi import VMI

FIELD = "networks[0].multus.networkName"


def attached(reference: str | None, **fields: object) -> VMI:
    return vmi(interface("blue", bridge={}), networks=[{"name": "blue", "multus": {"networkName": reference, **fields}}])


@pytest.mark.parametrize(
    "reference", ["lan", "lab/lan", "a/b.c-d", "n" * 63 + "/" + "a" * 170, "", None], ids=lambda value: str(value)[:20]
)
def test_a_name_with_or_without_a_namespace_is_accepted(reference: str | None) -> None:
    assert_accepted(RULE, attached(reference))


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ("Lan_VLAN100", '"Lan_VLAN100" is not a valid name of an object'),
        ("ns/lan/x", 'KubeVirt splits at the first "/" and looks for the name "lan/x"'),
        ("/lan", '"" is not a valid name of a namespace'),
        ("lan/", '"" is not a valid name of an object'),
        ("Lab/lan", '"Lab" is not a valid name of a namespace'),
        ("lab/" + "a" * 171, "the name has 171 characters, and Multus fails with more than 170"),
        ("lan@eth1", "is not a valid name of an object"),
        ("lan ", "is not a valid name of an object"),
        ("a-" * 500_000, "characters"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_name_that_no_object_can_have_is_found(reference: str, fault: str) -> None:
    assert_found(RULE, attached(reference), field=FIELD, message=fault, accepted="write name or namespace/name")


def test_multus_reads_an_interface_behind_the_name_of_a_default_network() -> None:
    assert_accepted(RULE, attached("lab/lan@eth1", default=True))
    assert_found(RULE, attached("lab/Lan@eth1", default=True), field=FIELD)


def test_each_network_is_found() -> None:
    two = vmi(interface(masquerade={}), networks=[POD_NETWORK, multus("a", "A"), multus("b"), multus("c", "C")])
    assert_found(RULE, two, field=["networks[1].multus.networkName", "networks[3].multus.networkName"])
