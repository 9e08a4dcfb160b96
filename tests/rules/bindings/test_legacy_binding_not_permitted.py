from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, no_registry, registry, vmi
from webhook.plugins.registry import Registry
from webhook.rules.bindings import discontinued_binding
from webhook.rules.bindings.legacy_binding_not_permitted import RULE

OPEN = registry(version="1.2", gates=("Passt", "Macvtap"), permit_slirp=True)
SHUT = registry(version="1.2")
AT = "domain.devices.interfaces[0]"
ON_MULTUS = [multus("default")]


@pytest.mark.parametrize(("binding", "networks"), [("slirp", None), ("passt", None), ("macvtap", ON_MULTUS)])
def test_where_each_may_be_used_it_is_accepted(binding: str, networks: Any) -> None:
    assert_accepted(RULE, vmi(interface("default", **{binding: {}}), networks=networks), OPEN)


@pytest.mark.parametrize(
    ("binding", "networks", "cluster", "message"),
    [
        ("slirp", None, SHUT, "slirp is not permitted"),
        ("slirp", ON_MULTUS, OPEN, "slirp works on the pod network only"),
        ("passt", None, SHUT, "passt needs feature gate Passt"),
        ("passt", ON_MULTUS, OPEN, "passt works on the pod network only"),
        ("macvtap", ON_MULTUS, SHUT, "macvtap needs feature gate Macvtap"),
        ("macvtap", None, OPEN, "macvtap works on a Multus network only"),
    ],
)
def test_elsewhere_it_is_found_and_reported_once(binding: str, networks: Any, cluster: Registry, message: str) -> None:
    found = vmi(interface("default", **{binding: {}}), networks=networks)
    assert_found(RULE, found, cluster, field=f"{AT}.{binding}", message=message)
    assert_accepted(discontinued_binding.RULE, found, cluster)


def test_passt_beside_another_interface_is_found() -> None:
    two = vmi(interface(passt={}), interface("blue", bridge={}))
    assert_found(RULE, two, OPEN, field=f"{AT}.passt", message="works only as the single interface")


def test_what_nobody_knows_is_not_refused() -> None:
    assert_accepted(RULE, vmi(interface(passt={})), no_registry("1.2"))
    assert_accepted(RULE, vmi(interface(slirp={})), no_registry("1.2"))


def test_an_interface_without_network_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(interface(slirp={}), networks=[]), SHUT)


def test_from_1_3_on_another_rule_speaks() -> None:
    assert_accepted(RULE, vmi(interface(slirp={})), registry(version="1.3"))
