from typing import Any

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, multus, registry, vmi
from webhook.rules.base import Action
from webhook.rules.bindings.discontinued_binding import RULE
from webhook.vmi.bindings import DISCONTINUED

AT = "domain.devices.interfaces[0]"
ACCEPTING = registry(version="1.2.2", gates=("Passt", "Macvtap"), permit_slirp=True)
FIELDS = [binding.field for binding in DISCONTINUED]


@pytest.mark.parametrize("version", ["1.3", "1.9", None])
@pytest.mark.parametrize("field", FIELDS)
def test_each_is_denied_since_1_3(field: str, version: str | None) -> None:
    dead = vmi(interface("default", **{field: {}}))
    message = f"KubeVirt refuses {field}, which it discontinued in 1.3"
    assert_found(RULE, dead, registry(version=version), field=f"{AT}.{field}", message=message, severity=Action.DENY)


@pytest.mark.parametrize(("field", "networks"), [("slirp", None), ("passt", None), ("macvtap", [multus("default")])])
def test_each_is_warned_of_before_1_3_where_it_is_accepted(field: str, networks: Any) -> None:
    dying = vmi(interface("default", **{field: {}}), networks=networks)
    message = f"KubeVirt refuses {field} from 1.3 on"
    assert_found(RULE, dying, ACCEPTING, field=f"{AT}.{field}", message=message, severity=Action.WARN)
    advice = ", before KubeVirt is upgraded"
    assert_found(RULE, dying, ACCEPTING, field=f"{AT}.{field}", accepted=advice, severity=Action.WARN)


@pytest.mark.parametrize(
    ("field", "version", "successor"),
    [
        ("passt", "1.8", "use the core binding passtBinding: {}, or a passt plugin"),
        ("passt", "1.7", "use a passt plugin"),
        ("slirp", "1.8", "use the core binding passtBinding: {}, or masquerade: {}"),
        ("slirp", "1.7", "use masquerade: {}, or a passt plugin"),
        ("macvtap", "1.9", "use a plugin that is registered with domainAttachmentType tap"),
        ("macvtap", "1.3", "use a plugin that is registered with domainAttachmentType tap"),
    ],
)
def test_the_successor_is_named(field: str, version: str, successor: str) -> None:
    assert_found(RULE, vmi(interface("default", **{field: {}})), registry(version=version), field=f"{AT}.{field}", accepted=successor)


def test_each_of_several_is_found() -> None:
    assert_found(RULE, vmi(interface(macvtap={}, slirp={})), field=[f"{AT}.slirp", f"{AT}.macvtap"])


def test_a_dead_method_is_found_beside_a_living_one() -> None:
    assert_found(RULE, vmi(interface(bridge={}, slirp={})), field=f"{AT}.slirp")


def test_passt_binding_is_not_passt() -> None:
    assert_accepted(RULE, vmi(interface(passtBinding={})))
