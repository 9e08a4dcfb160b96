"""Which KubeVirt CR counts, and what is said where none does."""

from typing import Any

import pytest

from tests.cluster.kubevirt_crs import kubevirt
from webhook.cluster.kubevirts import EffectiveCR, State, effective_cr, not_installed, unread, version_of
from webhook.kube.version import Version

SERVER = "https://10.96.0.1:443"
CREATOR = "system:serviceaccount:{}:kubevirt-controller"


def of(*objects: Any) -> EffectiveCR:
    return effective_cr(list(objects), SERVER)


def test_the_one_that_there_is_counts() -> None:
    found = of(kubevirt({"passt": {}, "Blue": {}}))
    registry = found.loaded.registry
    assert (found.state, found.problem, registry.known) == (State.ONE, "", True)
    assert set(registry.plugins) == {"passt", "Blue"}
    assert registry.version == Version(1, 9)
    assert registry.source == f"KubeVirt kubevirt/kubevirt in {SERVER}"


def test_an_item_of_a_list_need_not_say_what_it_is() -> None:
    obj = kubevirt({"passt": {}})
    del obj["kind"], obj["apiVersion"]
    assert set(of(obj).loaded.registry.plugins) == {"passt"}


@pytest.mark.parametrize("other", [kubevirt(name="old", deletionTimestamp="2026-01-01T00:00:00Z"), kubevirt(name="new", phase="")])
def test_one_that_is_being_deleted_or_has_no_phase_does_not_count_beside_it(other: Any) -> None:
    found = of(other, kubevirt({"passt": {}}))
    assert (found.state, set(found.loaded.registry.plugins)) == (State.ONE, {"passt"})


@pytest.mark.parametrize(
    ("found", "state", "told"),
    [
        (of(), State.NONE, "has no KubeVirt CR; create one"),
        (not_installed(SERVER), State.NOT_INSTALLED, "install it"),
        (unread(SERVER), State.UNREAD, "not been read yet"),
        (of(kubevirt(deletionTimestamp="2026-01-01T00:00:00Z")), State.DELETING, "KubeVirt kubevirt/kubevirt is being deleted"),
        (of(kubevirt(phase=None)), State.NOT_DEPLOYED, "KubeVirt kubevirt/kubevirt is not deployed yet"),
        (of(kubevirt(), kubevirt(namespace="b")), State.SEVERAL, "2 KubeVirt CRs are active (b/kubevirt, kubevirt/kubevirt)"),
    ],
)
def test_where_none_counts_nobody_knows_what_is_registered_and_it_is_told_why(found: EffectiveCR, state: State, told: str) -> None:
    assert (found.state, found.loaded.registry.known) == (state, False)
    assert told in found.problem
    assert found.loaded.notes == (found.problem,)
    assert not found.loaded.registry.gate("PasstBinding").is_known


def test_of_many_that_count_a_few_are_named() -> None:
    assert "(a/kubevirt, b/kubevirt, c/kubevirt and 2 more)" in of(*(kubevirt(namespace=each) for each in "abcde")).problem


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        ({"network": {"binding": ["passt"]}}, "spec.configuration.network.binding is a list, expected an object"),
        ({"network": "a"}, 'spec.configuration.network is "a"'),
        ([], "spec.configuration is a list"),
        ({"developerConfiguration": {"featureGates": [5] * 30}}, "20 values or more have a wrong type"),
    ],
)
def test_a_cr_whose_plugins_cannot_be_told_registers_nobody_knows_what(configuration: Any, told: str) -> None:
    found = of({**kubevirt(), "spec": {"configuration": configuration}})
    assert (found.state, found.loaded.registry.known) == (State.UNREADABLE, False)
    assert told in found.problem


def test_a_plugin_that_cannot_be_read_is_registered_with_no_fields_and_told() -> None:
    found = of(kubevirt({"odd": 5, "half": {"sidecarImage": 7, "domainAttachmentType": "tap"}}))
    plugins = found.loaded.registry.plugins
    assert set(plugins) == {"odd", "half"}
    assert (plugins["odd"].sidecar_image, plugins["half"].domain_attachment_type) == (None, "tap")
    assert "spec.configuration.network.binding.odd is 5, expected an object: it is read as if empty" in found.loaded.notes


def test_launcher_pods_come_from_the_namespace_of_the_cr() -> None:
    assert of(kubevirt(namespace="cnv")).creators == frozenset({CREATOR.format("cnv")})
    assert of(kubevirt(), kubevirt(namespace="cnv")).creators == frozenset({CREATOR.format("cnv"), CREATOR.format("kubevirt")})
    assert of().creators is None


def test_the_version_is_the_cr_s_own_and_without_one_that_of_the_listing() -> None:
    assert version_of([kubevirt(resource_version="5")], "9") == "5"
    assert version_of([], "9") == "9"
    assert version_of([kubevirt(resource_version="5"), kubevirt(name="b", resource_version="6")], "9") == "9"


@pytest.mark.parametrize("version", ["v4.19.0", "2026.01.15", "sha256:0123"])
def test_a_version_that_is_no_release_of_kubevirt_is_unknown(version: str) -> None:
    found = of(kubevirt(version=version))
    assert found.loaded.registry.version is None
    assert "is no release" in found.loaded.notes[0]


def test_during_a_roll_out_the_version_is_unknown() -> None:
    obj = kubevirt()
    obj["status"]["targetKubeVirtVersion"] = "v1.10.0"
    assert of(obj).loaded.registry.version is None
