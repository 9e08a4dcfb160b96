import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.plugins.registry import Registry
from webhook.rules.base import Action
from webhook.rules.consequences.deprecated_plugin import RULE

FIELD = "domain.devices.interfaces[0].binding"
NAMED = vmi(interface(binding={"name": "passt"}))
OTHER = vmi(interface(binding={"name": "mine"}))
SIDECAR = {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.8.0"}


@pytest.mark.parametrize("known", [registry({"passt": SIDECAR}), registry(), no_registry(), no_registry("1.8")])
def test_the_passt_plugin_is_told_by_its_name_registered_or_not(known: Registry) -> None:
    assert_found(RULE, NAMED, known, field=FIELD, message='plugin "passt"', accepted="use passtBinding: {}", severity=Action.WARN)


def test_the_passt_plugin_is_told_by_its_sidecar() -> None:
    assert_found(RULE, OTHER, registry({"mine": SIDECAR}), field=FIELD, message='plugin "mine" is the passt plugin')


def test_the_gate_is_mentioned_where_it_is_off() -> None:
    assert_found(
        RULE, NAMED, registry(version="1.8"), field=FIELD, accepted="once feature gate PasstBinding is on", for_admin="PasstBinding"
    )
    assert_found(RULE, NAMED, registry(version="1.9"), field=FIELD, accepted="instead of binding and restart the VM")


def test_before_1_8_there_is_no_successor() -> None:
    assert_accepted(RULE, NAMED, registry({"passt": SIDECAR}, version="1.7"))


@pytest.mark.parametrize("plugin", [{}, {"sidecarImage": "x"}, {"sidecarImage": "example.org/network-passt-binding-fork:v1"}])
def test_other_plugins_are_accepted(plugin: dict[str, str]) -> None:
    assert_accepted(RULE, OTHER, registry({"mine": plugin}))


@pytest.mark.parametrize("known", [registry(), no_registry()])
def test_an_unknown_plugin_is_accepted(known: Registry) -> None:
    assert_accepted(RULE, OTHER, known)


@pytest.mark.parametrize("name", ["", None, "Passt"])
def test_the_name_is_compared_exactly(name: str | None) -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": name})))


@pytest.mark.parametrize(("version", "found"), [("1.9", False), (None, False), ("1.10", True)])
def test_the_slirp_sidecar_is_shipped_up_to_1_9(version: str | None, *, found: bool) -> None:
    known = registry({"s": {"sidecarImage": "quay.io/kubevirt/network-slirp-binding:v1.9.0"}}, version=version)
    used = vmi(interface(binding={"name": "s"}))
    if found:
        assert_found(RULE, used, known, field="domain.devices.interfaces[0].binding", message="does not ship from 1.10 on")
    else:
        assert_accepted(RULE, used, known)
