import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, vmi
from webhook.rules.base import Action
from webhook.rules.networks.default_network_without_namespace import RULE
from webhook.vmi.vmi import VMI


def attached(reference: str, *, default: bool | None) -> VMI:
    return vmi(interface("blue", bridge={}), networks=[multus("blue", reference, default=default)])


def test_a_default_network_without_a_namespace_is_found() -> None:
    message = 'networkName "access" of a default network has no namespace'
    found = attached("access", default=True)
    assert_found(RULE, found, field="networks[0].multus.networkName", message=message, accepted="namespace/name", severity=Action.WARN)


@pytest.mark.parametrize(("reference", "default"), [("lab/access", True), ("access", False), ("access", None)])
def test_a_namespace_or_another_network_is_accepted(reference: str, *, default: bool | None) -> None:
    assert_accepted(RULE, attached(reference, default=default))


def test_a_network_without_a_name_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface("blue", bridge={}), networks=[{"name": "blue", "multus": {"default": True}}]))
