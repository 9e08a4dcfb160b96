import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, no_registry, registry, vmi
from webhook.plugins.sidecars import image_name
from webhook.rules.base import Action
from webhook.rules.plugins.plugin_hard_coded_name import RULE

NAME = "domain.devices.interfaces[0].binding.name"
PASST = {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.8.0"}
MINE = vmi(interface(binding={"name": "mine"}))


@pytest.mark.parametrize("built_in", ["passt", "slirp", "vdpa"])
def test_each_sidecar_listens_to_one_name_before_1_9(built_in: str) -> None:
    plugin = {"sidecarImage": f"registry:5000/mirror/network-{built_in}-binding@sha256:0123"}
    message = f'sidecar network-{built_in}-binding works only for a plugin named "{built_in}", and this one is named "mine"'
    severity = Action.WARN if built_in == "vdpa" else Action.DENY
    assert_found(RULE, MINE, registry({"mine": plugin}, version="1.8"), field=NAME, message=message, severity=severity)
    own = vmi(interface(binding={"name": built_in}))
    assert_accepted(RULE, own, registry({built_in: plugin}, version="1.8"))


@pytest.mark.parametrize("version", ["1.9", "1.10", None])
@pytest.mark.parametrize("tag", [":v1.9.0", ":v1.9.0-rc.2", ":latest", "", "@sha256:0123", ":4.19"])
def test_from_1_9_any_name_does(version: str | None, tag: str) -> None:
    plugin = {"sidecarImage": f"quay.io/kubevirt/network-passt-binding{tag}"}
    assert_accepted(RULE, MINE, registry({"mine": plugin}, version=version))


@pytest.mark.parametrize("tag", [":v1.8.0", ":1.7", ":v1.8.4@sha256:0123"])
def test_an_older_sidecar_fails_on_1_9_too(tag: str) -> None:
    plugin = {"sidecarImage": f"registry:5000/network-slirp-binding{tag}"}
    message = 'older than 1.9, works only for a plugin named "slirp"'
    assert_found(RULE, MINE, registry({"mine": plugin}, version="1.9"), field=NAME, message=message, severity=Action.DENY)


def test_a_newer_sidecar_fails_under_an_older_kubevirt() -> None:
    plugin = {"sidecarImage": "quay.io/kubevirt/network-passt-binding:v1.9.0"}
    assert_found(RULE, MINE, registry({"mine": plugin}, version="1.8"), field=NAME, message="before KubeVirt 1.9 sidecar")


@pytest.mark.parametrize("plugin", [{}, {"sidecarImage": "example.org/network-passt-binding-fork:v1"}, {"domainAttachmentType": "tap"}])
def test_other_plugins_may_have_any_name(plugin: dict[str, str]) -> None:
    assert_accepted(RULE, MINE, registry({"mine": plugin}, version="1.8"))


def test_an_unregistered_name_is_another_rule_s_business() -> None:
    assert_accepted(RULE, MINE, registry({"passt": PASST}, version="1.8"))
    assert_accepted(RULE, MINE, no_registry("1.8"))


@pytest.mark.parametrize(
    "image",
    ["x", "x:v1", "quay.io/kubevirt/x", "registry:5000/x", "registry:5000/a/b/x:v1", "quay.io/x@sha256:ab", "quay.io/x:v1@sha256:ab"],
)
def test_an_image_is_told_without_registry_tag_and_digest(image: str) -> None:
    assert image_name(image) == "x"


@pytest.mark.parametrize("image", [None, "", "/", ":", "@", "quay.io/"])
def test_what_names_no_image_is_empty(image: str | None) -> None:
    assert image_name(image) == ""
