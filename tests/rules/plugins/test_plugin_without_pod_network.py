import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import POD_NETWORK, interface, multus, no_registry, registry, vmi
from webhook.plugins.registry import Registry
from webhook.rules.plugins.plugin_without_pod_network import RULE

NAME = "domain.devices.interfaces[1].binding.name"


def known(image: str = "quay.io/kubevirt/network-passt-binding:v1.9.0") -> Registry:
    return registry({"p": {"sidecarImage": image, "networkAttachmentDefinition": "net"}})


SECONDARY = vmi(interface(masquerade={}), interface("blue", binding={"name": "p"}))


@pytest.mark.parametrize(
    "image", ["network-passt-binding", "registry:5000/x/network-slirp-binding:v1.2.0", "network-passt-binding@sha256:01"]
)
def test_the_passt_and_slirp_sidecars_off_the_pod_network_are_found(image: str) -> None:
    message = 'works on the pod network only, and "blue" is another network'
    assert_found(RULE, SECONDARY, known(image), field=NAME, message=message, accepted="connect the interface to the pod network")


def test_a_default_multus_network_is_not_the_pod_network() -> None:
    only = vmi(interface("blue", binding={"name": "p"}), networks=[multus("blue", "lab/blue", default=True)])
    assert_found(RULE, only, known(), field="domain.devices.interfaces[0].binding.name")


def test_on_the_pod_network_they_are_accepted() -> None:
    assert_accepted(RULE, vmi(interface(binding={"name": "p"})), known())


@pytest.mark.parametrize("image", ["quay.io/acme/network-passt-binding-fork:v1", "quay.io/kubevirt/network-vdpa-binding:v1", ""])
def test_other_sidecars_may_be_anywhere(image: str) -> None:
    assert_accepted(RULE, SECONDARY, known(image))


def test_an_unregistered_plugin_and_a_missing_network_are_other_rules_business() -> None:
    assert_accepted(RULE, SECONDARY, registry())
    assert_accepted(RULE, SECONDARY, no_registry())
    assert_accepted(RULE, vmi(interface("blue", binding={"name": "p"}), networks=[POD_NETWORK]), known())
