from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, multus, vmi
from webhook.rules.networks.multus_without_network_name import RULE


def test_a_network_name_is_accepted() -> None:
    assert_accepted(RULE, vmi(networks=[POD_NETWORK, multus("blue", "lab/blue")]))


def test_each_multus_without_network_name_is_found() -> None:
    three = vmi(
        networks=[
            {"name": "a", "multus": {}},
            {"name": "b", "multus": {"networkName": ""}},
            multus("c"),
            {"name": "d", "multus": {"networkName": None}},
        ]
    )
    fields = [f"networks[{index}].multus.networkName" for index in (0, 1, 3)]
    assert_found(RULE, three, field=fields, message="has multus without a networkName", accepted="namespace/name")
